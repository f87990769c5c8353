/** Defines learning-rate schedules, and the warm-up that several of them begin with. */

import { z } from 'zod';
import type { Component } from '../registry/index.js';

/** Returns the factor on the base learning rate at a step, from 0, of a training of `total` steps. */
export type Schedule = (step: number, total: number) => number;

/** Holds what a schedule may need to know of the training. */
export interface ScheduleContext {
  /** Base learning rate, for schedules with an absolute bound. */
  readonly learningRate: number;
}

/** Describes a schedule that a config can name. */
export interface ScheduleComponent<Options = unknown> extends Component<Options, ScheduleContext, Schedule> {}

/** Holds the options of a linear warm-up. */
export const warmupOptions = {
  warmup: z
    .number()
    .min(0)
    .max(1)
    .default(0.05)
    .describe(
      'Share of the steps in which the rate rises linearly to the base rate; 0 starts at the base rate.',
    ),
  warmupStart: z.number().positive().max(1).default(0.01).describe('Factor of the very first step.'),
};

/** Returns the factor of a linear warm-up at `progress`, a share of the steps below `warmup`. */
export function warmupFactor(
  progress: number,
  { warmup, warmupStart }: { readonly warmup: number; readonly warmupStart: number },
): number {
  return warmupStart + (1 - warmupStart) * (progress / warmup);
}

/** Returns a rate as a factor on the base rate, at most 1. */
export function rateAsFactor(rate: number, { learningRate }: ScheduleContext): number {
  return learningRate === 0 ? 0 : Math.min(1, rate / learningRate);
}
