/** Drops the learning rate at milestones, after a warm-up. */

import { z } from 'zod';
import { defineComponent } from '../registry/index.js';
import { type Schedule, warmupFactor, warmupOptions } from './schedule.js';

/**
 * Defines the paper's schedule (section 4.2): linear from a hundredth of the base rate to all of it over the first
 * twentieth of the steps, then constant, with drops to a tenth and a hundredth.
 */
export const multiStepComponent = defineComponent({
  kind: 'multi-step',
  options: z
    .strictObject({
      ...warmupOptions,
      milestones: z
        .array(z.number().min(0).max(1))
        .default([0.6, 0.9])
        .describe('Shares of the steps after which the rate is multiplied by `drop`.'),
      drop: z.number().positive().max(1).default(0.1).describe('Factor at every milestone.'),
    })
    .describe('Constant rate after a warm-up, with drops at milestones (paper, section 4.2).'),
  create:
    ({ milestones, drop, ...warmup }): Schedule =>
    (step, total) => {
      const progress = step / total;
      if (progress < warmup.warmup) return warmupFactor(progress, warmup);
      return drop ** milestones.filter((milestone) => progress >= milestone).length;
    },
});
