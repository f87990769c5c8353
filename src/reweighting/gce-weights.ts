/**
 * Weighs by p_y^q, the factor that the gradient of the generalized cross-entropy (Zhang and Sabuncu 2018) has beside
 * that of cross-entropy. It trusts what the network believes already, so that a hard pixel counts as little as a
 * mislabeled one (paper, section 1, Fig. 2a).
 */

import { z } from 'zod';
import { crossEntropy } from '../losses/index.js';
import { Module } from '../nn/index.js';
import { defineComponent, parseOptions } from '../registry/index.js';
import { noGrad, type Tensor } from '../torch/index.js';
import { normalizeWeights } from './normalize-weights.js';
import { expectInput, type Reweighter, type ReweighterInput } from './reweighter.js';

const schema = z
  .strictObject({
    q: z
      .number()
      .min(0)
      .max(1)
      .default(0.1)
      .describe(
        'Exponent q: 0 gives every pixel the same weight, 1 the gradient of the mean absolute error.',
      ),
  })
  .describe('p_y^q: unlikely labels count less. Gives cross-entropy the gradient of GCE, up to a factor.');

/** Configures `GceWeights`. */
export interface GceWeightsOptions extends z.input<typeof schema> {}

/** Weighs pixels by p_y^q. */
export class GceWeights extends Module implements Reweighter {
  readonly isolatedStart = false;
  readonly needs = ['logitsNCHW', 'labelsNHW'] as const;
  readonly q: number;

  /**
   * Creates the reweighter.
   *
   * @throws {OperationError} when q is outside [0, 1]
   */
  constructor(options: GceWeightsOptions = {}) {
    super();
    this.q = parseOptions('GceWeights', schema, options).q;
  }

  weigh(input: ReweighterInput): Tensor {
    expectInput('GceWeights.weigh', input, { needs: this.needs });
    const { logitsNCHW, labelsNHW, validNHW, sumOverRanks } = input;
    return noGrad(() => {
      // From the loss and not from p_y, which underflows long before p_y^q does.
      const weightsNHW = crossEntropy(logitsNCHW, labelsNHW).mul(-this.q).exp();
      return normalizeWeights(weightsNHW, validNHW, { p: 1, sumOverRanks });
    });
  }

  adversarialParameters(): null {
    return null;
  }

  curve(): null {
    return null;
  }
}

export const gceWeightsComponent = defineComponent({
  kind: 'gce',
  options: schema,
  create: (parsed) => new GceWeights(parsed),
});
