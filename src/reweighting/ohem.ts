/**
 * Implements online hard example mining (Shrivastava et al. 2016) for pixels, as in the code of OCR and HRNet: the
 * mean loss of the pixels whose own label the network finds unlikely. These are hard or mislabeled, and OHEM cannot
 * tell which (paper, section 1).
 */

import { z } from 'zod';
import { Module } from '../nn/index.js';
import { defineComponent, parseOptions } from '../registry/index.js';
import { noGrad, ops, stack, type Tensor } from '../torch/index.js';
import { expectInput, type Reweighter, type ReweighterInput } from './reweighter.js';
import { trueClassProbability } from './true-class-probability.js';

// Published settings: those of openseg, the code of OCR, and those of HRNet.
const presets = {
  openseg: { threshold: 0.7, minKept: 100_000 },
  hrnet: { threshold: 0.9, minKept: 131_072 },
} as const;

const schema = z
  .strictObject({
    preset: z
      .enum(['openseg', 'hrnet'])
      .nullable()
      .default(null)
      .describe(
        'Published settings of `threshold` and `minKept` for those that are not given; `null` is `openseg`.',
      ),
    threshold: z
      .number()
      .min(0)
      .max(1)
      .optional()
      .describe('Pixels whose label is less likely than this share the loss; by default that of the preset.'),
    minKept: z
      .int()
      .min(0)
      .optional()
      .describe(
        'Smallest number of pixels of a batch that share the loss; by default that of the preset, which is for crops ' +
          'of 512×1024. A batch that has no more labeled pixels keeps all but its easiest.',
      ),
  })
  .describe('Online hard example mining: the hardest pixels share the loss, the others count nothing.')
  .transform(({ preset, threshold, minKept }) => {
    const published = presets[preset ?? 'openseg'];
    return {
      preset,
      threshold: threshold ?? published.threshold,
      minKept: minKept ?? published.minKept,
    };
  });

/** Configures `Ohem`. */
export interface OhemOptions extends z.input<typeof schema> {}

/** Weighs the hardest pixels alike, and the others with 0. */
export class Ohem extends Module implements Reweighter {
  readonly isolatedStart = false;
  readonly needs = ['logitsNCHW', 'labelsNHW'] as const;
  readonly threshold: number;
  readonly minKept: number;

  /**
   * Creates the reweighter.
   *
   * @throws {OperationError} when an option is out of range
   */
  constructor(options: OhemOptions = {}) {
    super();
    const { threshold, minKept } = parseOptions('Ohem', schema, options);
    this.threshold = threshold;
    this.minKept = minKept;
  }

  /**
   * Returns uniform weights over the pixels with p_y < t, where t is the threshold or, if it is greater, the p_y of
   * rank `minKept`, counted from 0. The comparison is strict, so that pixels which tie at t are dropped together.
   * Where that leaves none (all pixels equally easy), weights are uniform over all labeled pixels.
   */
  weigh(input: ReweighterInput): Tensor {
    expectInput('Ohem.weigh', input, { needs: this.needs });
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
    // The host waits for the device here: the counts decide whether a rank has to be found.
    const [valid = 0, hard = 0] = stack([validNHW.sum(), hardNHW.sum()], 0).toTypedArray();
    const rank = Math.min(this.minKept, Number(valid) - 1);
    // With more hard pixels than this rank, the pixel of this rank is below the threshold too.
    if (Number(hard) > rank) return hardNHW;
    const beyondAll = 2;
    const candidates = likelihoodNHW.where(validNHW, beyondAll).flatten();
    const [hardest] = ops.topk(candidates, rank + 1, { dim: 0, largest: false, sorted: false });
    return likelihoodNHW.lt(hardest.max()).logicalAnd(validNHW);
  }
}

export const ohemComponent = defineComponent({
  kind: 'ohem',
  options: schema,
  create: (parsed) => new Ohem(parsed),
});
