/**
 * The focal factor as a reweighter (Lin et al. 2017): weights ∝ (1 − p_y)^γ. It looks at the loss, so a mislabeled
 * pixel, whose loss is high, weighs most: what the paper argues against (section 1, Fig. 2a).
 */

import { OperationError } from '../errors/index.js';
import { Module } from '../nn/index.js';
import { noGrad, type Tensor } from '../torch/index.js';
import { normalizeWeights } from './normalize-weights.js';
import { expectInput, type Reweighter, type ReweighterInput } from './reweighter.js';
import { trueClassProbability } from './true-class-probability.js';

export interface FocalWeightsOptions {
  /** γ; 0 gives every pixel the same weight. */
  readonly gamma?: number;
}

export class FocalWeights extends Module implements Reweighter {
  readonly isolatedStart = false;
  readonly needs = ['logitsNCHW', 'labelsNHW'] as const;
  readonly gamma: number;

  /** @throws OperationError for a negative γ */
  constructor({ gamma = 2 }: FocalWeightsOptions = {}) {
    super();
    if (!(gamma >= 0)) throw new OperationError(`FocalWeights: expected gamma ≥ 0, received ${gamma}`);
    this.gamma = gamma;
  }

  weigh(input: ReweighterInput): Tensor {
    expectInput('FocalWeights.weigh', input, this.needs);
    const { logitsNCHW, labelsNHW, validNHW, sumOverRanks } = input;
    return noGrad(() => {
      const missesNHW = trueClassProbability(logitsNCHW, labelsNHW).neg().add(1);
      return normalizeWeights(missesNHW.pow(this.gamma), validNHW, { p: 1, sumOverRanks });
    });
  }

  adversarialParameters(): null {
    return null;
  }

  curve(): null {
    return null;
  }
}
