/**
 * Implements AdamW (Loshchilov and Hutter 2019), with the numbers of `torch.optim.AdamW`. Parameters decay by
 * themselves, before the step, so that decay does not pass through the moments.
 */

import { z } from 'zod';
import type { Parameter } from '../nn/index.js';
import { defineComponent, parseOptions } from '../registry/index.js';
import type { Tensor } from '../torch/index.js';
import { AdaptiveMoments, type DecayRates, momentOptions } from './adaptive-moments.js';
import type { OptimizerContext, ParameterGroup } from './optimizer.js';

const schema = z
  .strictObject({
    ...momentOptions,
    weightDecay: z
      .number()
      .min(0)
      .default(0.01)
      .describe('Share of the parameters, times the learning rate, that every step takes off them.'),
  })
  .describe('Adam with weight decay that does not pass through the moments.');

/** Configures `AdamW`. */
export interface AdamWOptions extends z.input<typeof schema> {}

/** Updates parameters as `torch.optim.AdamW` does. */
export class AdamW extends AdaptiveMoments {
  /**
   * Creates the optimizer of these groups.
   *
   * @throws {OperationError} when an option is out of range or a parameter is in more than one group
   */
  constructor(groups: readonly ParameterGroup[], options: AdamWOptions = {}) {
    super(groups, parseOptions('AdamW', schema, options));
  }

  protected decayed(
    direction: Tensor,
    parameter: Parameter,
    { learningRate, weightDecay }: DecayRates,
  ): Tensor {
    if (weightDecay !== 0) parameter.mul_(1 - learningRate * weightDecay);
    return direction;
  }
}

export const adamWComponent = defineComponent({
  kind: 'adamw',
  options: schema,
  create: (parsed, { groups }: OptimizerContext) => new AdamW(groups, parsed),
});
