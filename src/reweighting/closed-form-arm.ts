/**
 * Computes the weights of ARM without learning, beyond the paper. With fixed losses, the weights that ARM converges
 * to are known: under ‖W‖_p = 1 the maximizer of Σ W(v̂)·l is W(v) ∝ E[l | v]^{1/(p−1)} (section 3.4, by Hölder's
 * inequality). So the mean loss in each interval of confidence is tracked, and that weight is used. There are no
 * parameters, no learning rate and no warm-up. The same holds for W of confidence and agreement, with a table of bins.
 */

import { z } from 'zod';
import { Buffer, Module } from '../nn/index.js';
import { defineComponent, parseOptions } from '../registry/index.js';
import { autocast, noGrad, ops, type Tensor, tidy, zeros } from '../torch/index.js';
import {
  agreementOptions,
  discountOf,
  readsAgreement,
  shownAgreements,
  withDiscount,
} from './agreement-input.js';
import { fillEmptyTable, indexOf } from './fill-empty.js';
import { normalizeWeights } from './normalize-weights.js';
import { readCurve } from './read-curve.js';
import {
  type CurveOptions,
  expectInput,
  type OptionalInput,
  type Reweighter,
  type ReweighterInput,
} from './reweighter.js';

const schema = z
  .strictObject({
    p: z
      .literal([2, 3], {
        error: 'expected 2 or 3: with p = 1 all weight would go to one confidence (Eq. 11)',
      })
      .default(2)
      .describe('Order of the norm of the weights.'),
    bins: z
      .int()
      .min(2)
      .default(64)
      .describe('Number of intervals of confidence; W is linear between their middles.'),
    momentum: z
      .number()
      .min(0)
      .lt(1)
      .default(0.9)
      .describe('Share of the running means that is kept at each step; 0 looks at the present batch alone.'),
    agreementBins: z
      .int()
      .min(2)
      .default(8)
      .describe('Number of intervals of agreement, where it is an input.'),
    ...agreementOptions,
  })
  .describe('The weights that ARM converges to, computed from running means of the loss by confidence.');

/** Configures `ClosedFormArm`. */
export interface ClosedFormArmOptions extends z.input<typeof schema> {}

// A bin with less than this share of the pixels counts as empty. At the default momentum a bin that had all pixels
// falls below it after 263 batches without one.
const emptyBelow = 1e-12;

/** Weighs pixels by E[loss | confidence]^{1/(p−1)}, from running means over intervals of confidence. */
export class ClosedFormArm extends Module implements Reweighter {
  /** Is true where agreement is read, which says little before the network has learned anything. */
  readonly isolatedStart: boolean;
  readonly needs: readonly OptionalInput[];
  readonly p: 2 | 3;
  readonly bins: number;
  readonly momentum: number;
  readonly agreementBins: number;
  /** Is the power of the agreement by which the losses are multiplied; null where agreement is not read. */
  readonly discount: number | null;
  /** Shares of the valid pixels in each bin, averaged over batches, [B], or [A,B] with agreement. */
  readonly pixelShares: Buffer;
  /** Sums of the losses in each bin over the number of valid pixels, averaged over batches, [B] or [A,B]. */
  readonly lossShares: Buffer;

  /**
   * Creates the reweighter with empty running means.
   *
   * @throws {OperationError} when an option is out of range
   */
  constructor(options: ClosedFormArmOptions = {}) {
    super();
    const parsed = parseOptions('ClosedFormArm', schema, options);
    const { p, bins, momentum, agreementBins, inputs, discount } = parsed;
    const byAgreement = readsAgreement({ inputs });
    const shape = byAgreement ? [agreementBins, bins] : [bins];
    this.p = p;
    this.bins = bins;
    this.momentum = momentum;
    this.agreementBins = agreementBins;
    this.isolatedStart = byAgreement;
    this.needs = byAgreement ? ['agreementNHW'] : [];
    this.discount = byAgreement ? discount : null;
    this.pixelShares = new Buffer(zeros(shape, { dtype: 'float32' }));
    this.lossShares = new Buffer(zeros(shape, { dtype: 'float32' }));
  }

  get normOrder(): 2 | 3 {
    return this.p;
  }

  get shownAgreements(): readonly number[] | null {
    return this.discount === null ? null : shownAgreements;
  }

  /**
   * In training mode, updates the running means by the batch first, so that the very first weights follow its losses.
   */
  weigh(input: ReweighterInput): Tensor {
    expectInput('ClosedFormArm.weigh', input, { needs: this.needs });
    const { confidenceNHW, validNHW, sumOverRanks, agreementNHW } = input;
    const { discount } = this;
    return autocast({ device: confidenceNHW.device, enabled: false }, () => {
      if (this.training) this.#learn(input);
      const weightsNHW = this.forward(confidenceNHW, agreementNHW);
      const normalizedNHW = normalizeWeights(weightsNHW, validNHW, { p: this.p, sumOverRanks });
      if (discount === null || !agreementNHW) return normalizedNHW;
      return withDiscount(normalizedNHW, discountOf(agreementNHW, discount), { sumOverRanks });
    });
  }

  /**
   * Returns W for confidences of any shape and, if it is an input, agreements of the same shape; 1 everywhere before the
   * first batch.
   */
  forward(confidence: Tensor, agreement?: Tensor): Tensor {
    const table = noGrad(() => this.#weightOfBins());
    const across = this.#between(confidence, this.bins);
    const place = across.lower;
    const alongRow = (row: Tensor | number) => {
      const first = place.add(row);
      const from = table.indexSelect(0, first);
      const to = table.indexSelect(0, first.add(1));
      return to.sub(from).mul(across.fraction).add(from);
    };
    if (this.discount === null || !agreement) return alongRow(0).reshape(confidence.shape);
    const { lower, fraction } = this.#between(agreement, this.agreementBins);
    const [from, to] = [alongRow(lower.mul(this.bins)), alongRow(lower.add(1).mul(this.bins))];
    return to.sub(from).mul(fraction).add(from).reshape(confidence.shape);
  }

  adversarialParameters(): null {
    return null;
  }

  /** Returns W, times the factor of the losses where agreement is an input. */
  curve(confidences: readonly number[], { agreement }: CurveOptions = {}): number[] {
    const { discount } = this;
    const weightOf = (confidence: Tensor, level: Tensor) =>
      discount === null
        ? this.forward(confidence)
        : this.forward(confidence, level).mul(discountOf(level, discount));
    return readCurve(weightOf, { confidences, agreement, device: this.pixelShares.device });
  }

  /** Updates the running means by the pixels of all processes that train together, so that all keep the same means. */
  #learn({ confidenceNHW, lossesNHW, validNHW, agreementNHW, processGroup }: ReweighterInput): void {
    const overRanks = (sums: Tensor) => processGroup?.sumOverRanks(sums) ?? sums;
    const { discount, bins } = this;
    tidy(() =>
      noGrad(() => {
        const byAgreement = discount !== null && agreementNHW !== undefined;
        const column = binOf(confidenceNHW, bins);
        const index = byAgreement ? binOf(agreementNHW, this.agreementBins).mul(bins).add(column) : column;
        const count = overRanks(validNHW.sum());
        // A batch without valid pixels leaves the means as they are.
        const share = count
          .gt(0)
          .to({ dtype: 'float32' })
          .mul(1 - this.momentum);
        const update = (average: Buffer, valuesNHW: Tensor) => {
          // Summed in float64: a bin may hold millions of pixels.
          const empty = zeros([average.numel], { dtype: 'float64', device: confidenceNHW.device });
          const values = valuesNHW.mul(validNHW).reshape([-1]).to({ dtype: 'float64' });
          const mean = overRanks(ops.scatterAdd(empty, 0, index, values)).div(count.clamp({ min: 1 }));
          const shaped = mean.to({ dtype: 'float32' }).reshape(average.shape);
          average.add_(shaped.sub(average).mul(share));
        };
        update(this.pixelShares, validNHW);
        update(this.lossShares, byAgreement ? lossesNHW.mul(discountOf(agreementNHW, discount)) : lossesNHW);
      }),
    );
  }

  /** Returns W at the middle of each bin, one row of confidences after the other. */
  #weightOfBins(): Tensor {
    const shape = [this.discount === null ? 1 : this.agreementBins, this.bins];
    const [pixels, losses] = [this.pixelShares.reshape(shape), this.lossShares.reshape(shape)];
    const seen = pixels.gt(emptyBelow);
    // A mean loss below 0, which the KL loss can have, gives weight 0: the maximizer over W ≥ 0.
    const mean = losses.div(pixels.clamp({ min: emptyBelow })).clamp({ min: 0 });
    const filled = fillEmptyTable(mean, seen);
    return filled
      .pow(1 / (this.p - 1))
      .where(seen.sum().gt(0), 1)
      .reshape([-1]);
  }

  /** Returns between which middles of bins values in [−1, 1] lie: the lower one, and the share of the way to the next. */
  #between(values: Tensor, bins: number): { readonly lower: Tensor; readonly fraction: Tensor } {
    const position = values
      .reshape([-1])
      .add(1)
      .mul(bins / 2)
      .sub(0.5)
      .clamp({ min: 0, max: bins - 1 });
    const lower = indexOf(position, bins - 2);
    return { lower, fraction: position.sub(lower) };
  }
}

/** Returns the bin of each value in [−1, 1], in one row. */
function binOf(values: Tensor, bins: number): Tensor {
  return indexOf(
    values
      .reshape([-1])
      .add(1)
      .mul(bins / 2),
    bins - 1,
  );
}

export const closedFormArmComponent = defineComponent({
  kind: 'closed-form-arm',
  options: schema,
  needsTeacher: readsAgreement,
  create: (parsed) => new ClosedFormArm(parsed),
});
