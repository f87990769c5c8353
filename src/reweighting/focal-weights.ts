/**
 * Weighs by the focal factor (Lin et al. 2017), ∝ (1 − p_y)^γ. It looks at the loss, so a mislabeled pixel, whose
 * loss is high, weighs most. The paper argues against that (section 1, Fig. 2a).
 */

import { z } from 'zod';
import { Module } from '../nn/index.js';
import { defineComponent, parseOptions } from '../registry/index.js';
import { noGrad, type Tensor } from '../torch/index.js';
import { normalizeWeights } from './normalize-weights.js';
import { expectInput, type Reweighter, type ReweighterInput } from './reweighter.js';
import { trueClassProbability } from './true-class-probability.js';

const schema = z
  .strictObject({
    gamma: z.number().min(0).default(2).describe('Exponent γ; 0 gives every pixel the same weight.'),
  })
  .describe('(1 − p_y)^γ: unlikely labels count more.');

/** Configures `FocalWeights`. */
export interface FocalWeightsOptions extends z.input<typeof schema> {}

/** Weighs pixels by (1 − p_y)^γ. */
export class FocalWeights extends Module implements Reweighter {
  readonly isolatedStart = false;
  readonly needs = ['logitsNCHW', 'labelsNHW'] as const;
  readonly gamma: number;

  /**
   * Creates the reweighter.
   *
   * @throws {OperationError} when γ is negative
   */
  constructor(options: FocalWeightsOptions = {}) {
    super();
    this.gamma = parseOptions('FocalWeights', schema, options).gamma;
  }

  weigh(input: ReweighterInput): Tensor {
    expectInput('FocalWeights.weigh', input, { needs: this.needs });
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

export const focalWeightsComponent = defineComponent({
  kind: 'focal',
  options: schema,
  create: (parsed) => new FocalWeights(parsed),
});
