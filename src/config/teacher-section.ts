/**
 * Defines the `teacher` section: a moving average of the network, whose predictions are steadier than those of the network
 * that learns.
 */

import { z } from 'zod';

export const teacherSection = z.strictObject({
  momentum: z
    .number()
    .min(0)
    .lt(1)
    .default(0.99)
    .describe('Share of the average that is kept at each step: 0.99 looks back over about 100 steps.'),
  warmUp: z
    .boolean()
    .default(true)
    .describe(
      'Keeps less of the average at first, (1 + t) / (10 + t) after t steps until that reaches `momentum`, so that it ' +
        'soon forgets the random start.',
    ),
  evaluate: z
    .boolean()
    .default(false)
    .describe(
      'Scores the average and makes it the network of the run, which predictions, evaluations and other runs read. ' +
        '`false` leaves it a helper of the training.',
    ),
});
