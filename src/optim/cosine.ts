/** Lowers the learning rate along half a cosine (Loshchilov and Hutter 2017), after a warm-up. */

import { z } from 'zod';
import { defineComponent } from '../registry/index.js';
import {
  rateAsFactor,
  type Schedule,
  type ScheduleContext,
  warmupFactor,
  warmupOptions,
} from './schedule.js';

/**
 * Defines the schedule (1 + cos πt) / 2 with t from 0 after the warm-up to 1 at the end, from the base rate to a
 * minimum that is a rate.
 */
export const cosineComponent = defineComponent({
  kind: 'cosine',
  options: z
    .strictObject({
      ...warmupOptions,
      minimum: z.number().min(0).default(0).describe('Learning rate at the end.'),
    })
    .describe('Half a cosine from the base rate to a minimum, after a warm-up.'),
  create: ({ minimum, ...warmup }, context: ScheduleContext): Schedule => {
    const floor = rateAsFactor(minimum, context);
    return (step, total) => {
      const progress = step / total;
      if (progress < warmup.warmup) return warmupFactor(progress, warmup);
      const rest = 1 - warmup.warmup;
      const share = rest === 0 ? 1 : (progress - warmup.warmup) / rest;
      return floor + ((1 - floor) * (1 + Math.cos(Math.PI * share))) / 2;
    };
  },
});
