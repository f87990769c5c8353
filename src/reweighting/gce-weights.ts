/**
 * The generalized cross-entropy as a reweighter (Zhang & Sabuncu 2018): weights ∝ p_y^q, which is what the gradient of
 * (1 − p_y^q)/q has beside that of the cross-entropy. It trusts what the network already believes, so that a hard
 * pixel counts as little as a mislabeled one (section 1, Fig. 2a).
 */

import { OperationError } from '../errors/index.js';
import { crossEntropy } from '../losses/index.js';
import { Module } from '../nn/index.js';
import { noGrad, type Tensor } from '../torch/index.js';
import { normalizeWeights } from './normalize-weights.js';
import { expectInput, type Reweighter, type ReweighterInput } from './reweighter.js';

export interface GceWeightsOptions {
  /** Between 0, the same weight for every pixel, and 1, where the loss becomes the mean absolute error. */
  readonly q?: number;
}

export class GceWeights extends Module implements Reweighter {
  readonly isolatedStart = false;
  readonly needs = ['logitsNCHW', 'labelsNHW'] as const;
  readonly q: number;

  /** @throws OperationError for q outside [0, 1] */
  constructor({ q = 0.1 }: GceWeightsOptions = {}) {
    super();
    if (!(q >= 0 && q <= 1)) throw new OperationError(`GceWeights: expected q in [0, 1], received ${q}`);
    this.q = q;
  }

  weigh(input: ReweighterInput): Tensor {
    expectInput('GceWeights.weigh', input, this.needs);
    const { logitsNCHW, labelsNHW, validNHW, sumOverRanks } = input;
    return noGrad(() => {
      // Not p_y to the power of q: p_y underflows long before p_y^q does.
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
