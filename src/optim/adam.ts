/**
 * Implements Adam (Kingma and Ba 2015), with the numbers of `torch.optim.Adam`. Weight decay is added to the
 * gradient.
 */

import { z } from 'zod';
import type { Parameter } from '../nn/index.js';
import { defineComponent, parseOptions } from '../registry/index.js';
import { ops, type Tensor } from '../torch/index.js';
import { AdaptiveMoments, type DecayRates, momentOptions } from './adaptive-moments.js';
import type { OptimizerContext, ParameterGroup } from './optimizer.js';

const schema = z
  .strictObject({
    ...momentOptions,
    weightDecay: z
      .number()
      .min(0)
      .default(0)
      .describe('Factor on the parameters that is added to their gradients (L2 penalty).'),
  })
  .describe('Adam: steps of a size that the recent gradients of each parameter set.');

/** Configures `Adam`. */
export interface AdamOptions extends z.input<typeof schema> {}

/** Updates parameters as `torch.optim.Adam` does. */
export class Adam extends AdaptiveMoments {
  /**
   * Creates the optimizer of these groups.
   *
   * @throws {OperationError} when an option is out of range or a parameter is in more than one group
   */
  constructor(groups: readonly ParameterGroup[], options: AdamOptions = {}) {
    super(groups, parseOptions('Adam', schema, options));
  }

  protected decayed(direction: Tensor, parameter: Parameter, { weightDecay }: DecayRates): Tensor {
    return weightDecay === 0 ? direction : ops.addTensor(direction, parameter, { alpha: weightDecay });
  }
}

export const adamComponent = defineComponent({
  kind: 'adam',
  options: schema,
  create: (parsed, { groups }: OptimizerContext) => new Adam(groups, parsed),
});
