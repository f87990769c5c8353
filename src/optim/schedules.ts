/**
 * Learning-rate schedules: the factor by which the base rate is multiplied at a step (0-based) of a training of
 * `total` steps. Configs name them through the registry.
 */
import { z } from 'zod';
import { type Component, defineComponent, Registry } from '../registry/index.js';

export type Schedule = (step: number, total: number) => number;

export interface ScheduleContext {
  /** The base rate, for schedules with an absolute bound. */
  readonly learningRate: number;
}

/**
 * The paper's schedule (section 4.2): linear from a hundredth of the base rate to all of it over the first twentieth
 * of the steps, then constant, with drops to a tenth and a hundredth.
 */
const multiStep = defineComponent({
  kind: 'multi-step',
  options: z
    .strictObject({
      warmup: z.number().min(0).max(1).default(0.05).describe('Share of the steps in which the rate rises.'),
      warmupStart: z
        .number()
        .positive()
        .max(1)
        .default(0.01)
        .describe('Factor on the rate at the first step.'),
      milestones: z
        .array(z.number().min(0).max(1))
        .default([0.6, 0.9])
        .describe('Shares of the steps after which the rate is multiplied by `drop`.'),
      drop: z.number().positive().max(1).default(0.1).describe('Factor on the rate at each milestone.'),
    })
    .describe("The paper's schedule (section 4.2): a linear rise, then constant, with drops."),
  create:
    ({ warmup, warmupStart, milestones, drop }): Schedule =>
    (step, total) => {
      const progress = step / total;
      if (progress < warmup) return warmupStart + (1 - warmupStart) * (progress / warmup);
      return drop ** milestones.filter((milestone) => progress >= milestone).length;
    },
});

/** mmsegmentation's: (1 − step / total)^power from the base rate down to a minimum, which is a rate and not a factor. */
const poly = defineComponent({
  kind: 'poly',
  options: z
    .strictObject({
      power: z.number().positive().default(0.9).describe('Exponent of the remaining share of the steps.'),
      minimum: z.number().min(0).default(1e-4).describe('Lowest rate; an absolute rate, not a factor.'),
    })
    .describe("mmsegmentation's: (1 − step / total)^power from the base rate down to a minimum."),
  create: ({ power, minimum }, { learningRate }: ScheduleContext): Schedule => {
    const floor = learningRate === 0 ? 0 : Math.min(1, minimum / learningRate);
    return (step, total) => (1 - floor) * (1 - step / total) ** power + floor;
  },
});

/** Holds the schedules that a config can name. */
export const schedules = new Registry<Component<unknown, ScheduleContext, Schedule>>('schedule', [
  multiStep,
  poly,
]);
