/**
 * Online hard example mining (Shrivastava et al. 2016) for pixels, as the code of OCR and HRNet has it: the mean loss of
 * the pixels whose own label the network finds unlikely. What it keeps is hard or mislabeled, and it cannot tell which
 * (paper, section 1).
 */

import { OperationError } from '../errors/index.js';
import { Module } from '../nn/index.js';
import { noGrad, ops, stack, type Tensor } from '../torch/index.js';
import { expectInput, type Reweighter, type ReweighterInput } from './reweighter.js';
import { trueClassProbability } from './true-class-probability.js';

/** Published settings: those of openseg, where OCR comes from, and those of HRNet. */
export const ohemPresets = {
  openseg: { threshold: 0.7, minKept: 100_000 },
  hrnet: { threshold: 0.9, minKept: 131_072 },
} as const;

export interface OhemOptions {
  /** Pixels with p_y below it are kept. */
  readonly threshold?: number;
  /**
   * At least this many labeled pixels of a batch (of one rank) are kept, the hardest first. The published figures are
   * for crops of 512×1024; a batch that has no more labeled pixels than this keeps all but its easiest.
   */
  readonly minKept?: number;
}

export class Ohem extends Module implements Reweighter {
  readonly isolatedStart = false;
  readonly needs = ['logitsNCHW', 'labelsNHW'] as const;
  readonly threshold: number;
  readonly minKept: number;

  /** @throws OperationError for a threshold outside [0, 1] or a count that is not a whole number from 0 on */
  constructor({
    threshold = ohemPresets.openseg.threshold,
    minKept = ohemPresets.openseg.minKept,
  }: OhemOptions = {}) {
    super();
    if (!(threshold >= 0 && threshold <= 1)) {
      throw new OperationError(`Ohem: expected a threshold in [0, 1], received ${threshold}`);
    }
    if (!Number.isSafeInteger(minKept) || minKept < 0) {
      throw new OperationError(`Ohem: expected minKept as a whole number from 0 on, received ${minKept}`);
    }
    this.threshold = threshold;
    this.minKept = minKept;
  }

  /**
   * Uniform over the pixels with p_y < t, where t is the greater of the threshold and the p_y of rank `minKept`, from 0.
   * The comparison is strict, so that pixels which tie at t are dropped together; where that leaves none (all pixels
   * equally easy) the weights are uniform over all labeled pixels.
   */
  weigh(input: ReweighterInput): Tensor {
    expectInput('Ohem.weigh', input, this.needs);
    const { logitsNCHW, labelsNHW, validNHW, sumOverRanks = (sums) => sums } = input;
    return noGrad(() => {
      const likelihoodNHW = trueClassProbability(logitsNCHW, labelsNHW);
      const keptNHW = this.#keep(likelihoodNHW, validNHW);
      const noneKept = sumOverRanks(keptNHW.sum()).eq(0);
      const chosenNHW = keptNHW.logicalOr(validNHW.logicalAnd(noneKept)).to({ dtype: 'float32' });
      return chosenNHW.div(sumOverRanks(chosenNHW.sum()).clamp({ min: 1 }));
    });
  }

  adversarialParameters(): null {
    return null;
  }

  curve(): null {
    return null;
  }

  #keep(likelihoodNHW: Tensor, validNHW: Tensor): Tensor {
    const hardNHW = likelihoodNHW.lt(this.threshold).logicalAnd(validNHW);
    // The host waits for the device here: how many there are decides what is looked for.
    const [valid = 0, hard = 0] = stack([validNHW.sum(), hardNHW.sum()], 0).toTypedArray();
    const rank = Math.min(this.minKept, Number(valid) - 1);
    // With more pixels below the threshold than that, the one of this rank is below it too. No labeled pixel: no rank.
    if (Number(hard) > rank) return hardNHW;
    const beyondAll = 2;
    const candidates = likelihoodNHW.where(validNHW, beyondAll).flatten();
    const [hardest] = ops.topk(candidates, rank + 1, { dim: 0, largest: false, sorted: false });
    return likelihoodNHW.lt(hardest.max()).logicalAnd(validNHW);
  }
}
