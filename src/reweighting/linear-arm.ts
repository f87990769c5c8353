/** Linear ARM (paper, section 4.3): W(v̂) = k·v̂ + b with constants, the strategy without the learning. */

import { Module } from '../nn/index.js';
import { autocast, type Tensor } from '../torch/index.js';
import { expectNormOrder, type NormOrder, normalizeWeights } from './normalize-weights.js';
import { expectInput, type Reweighter, type ReweighterInput } from './reweighter.js';

export interface LinearArmOptions {
  /** k: −0.5 suppresses confident pixels, +0.5 focuses on them (Table 1). */
  readonly slope?: number;
  /** b */
  readonly intercept?: number;
  /** Order of the first norm. The weights are the same with each; the gradient to a confidence not detached is not. */
  readonly p?: NormOrder;
}

export class LinearArm extends Module implements Reweighter {
  readonly isolatedStart = true;
  readonly slope: number;
  readonly intercept: number;
  readonly p: NormOrder;

  constructor({ slope = -0.5, intercept = 0.5, p = 2 }: LinearArmOptions = {}) {
    super();
    expectNormOrder('LinearArm', p);
    this.slope = slope;
    this.intercept = intercept;
    this.p = p;
  }

  weigh(input: ReweighterInput): Tensor {
    expectInput('LinearArm.weigh', input);
    const { confidenceNHW, validNHW, sumOverRanks } = input;
    return autocast({ device: confidenceNHW.device, enabled: false }, () => {
      // A line may cross zero inside [−1, 1]; a negative weight would reward a wrong answer.
      const weights = confidenceNHW.mul(this.slope).add(this.intercept).clamp({ min: 0 });
      return normalizeWeights(weights, validNHW, { p: this.p, sumOverRanks });
    });
  }

  adversarialParameters(): null {
    return null;
  }

  curve(confidences: readonly number[]): number[] {
    return confidences.map((confidence) => Math.max(0, this.slope * confidence + this.intercept));
  }
}
