/** Lowers the learning rate by a power of the steps left, as mmsegmentation does. */

import { z } from 'zod';
import { defineComponent } from '../registry/index.js';
import { rateAsFactor, type Schedule, type ScheduleContext } from './schedule.js';

/** Defines the schedule (1 − step / total)^power, from the base rate to a minimum that is a rate. */
export const polyComponent = defineComponent({
  kind: 'poly',
  options: z
    .strictObject({
      power: z.number().positive().default(0.9).describe('Exponent; 1 gives a straight line.'),
      minimum: z.number().min(0).default(1e-4).describe('Learning rate at the end.'),
    })
    .describe('Power of the share of steps left, (1 − step / total)^power, as in mmsegmentation.'),
  create: ({ power, minimum }, context: ScheduleContext): Schedule => {
    const floor = rateAsFactor(minimum, context);
    return (step, total) => (1 - floor) * (1 - step / total) ** power + floor;
  },
});
