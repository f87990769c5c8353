/**
 * Computes the weights of ARM without learning, beyond the paper. With fixed losses, the weights that ARM converges
 * to are known: under ‖W‖_p = 1 the maximizer of Σ W(v̂)·l is W(v) ∝ E[l | v]^{1/(p−1)} (section 3.4, by Hölder's
 * inequality). So the mean loss in each interval of confidence is tracked, and that weight is used. There are no
 * parameters, no learning rate and no warm-up.
 */

import { z } from 'zod';
import { Buffer, Module } from '../nn/index.js';
import { defineComponent, parseOptions } from '../registry/index.js';
import { arange, autocast, noGrad, ops, type Tensor, tidy, zeros } from '../torch/index.js';
import { normalizeWeights } from './normalize-weights.js';
import { readCurve } from './read-curve.js';
import { expectInput, type Reweighter, type ReweighterInput } from './reweighter.js';

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
  })
  .describe('The weights that ARM converges to, computed from running means of the loss by confidence.');

/** Configures `ClosedFormArm`. */
export interface ClosedFormArmOptions extends z.input<typeof schema> {}

// A bin with less than this share of the pixels counts as empty. At the default momentum a bin that had all pixels
// falls below it after 263 batches without one.
const emptyBelow = 1e-12;

/** Weighs pixels by E[loss | confidence]^{1/(p−1)}, from running means over intervals of confidence. */
export class ClosedFormArm extends Module implements Reweighter {
  readonly isolatedStart = false;
  readonly p: 2 | 3;
  readonly bins: number;
  readonly momentum: number;
  /** Shares of the valid pixels in each bin, averaged over batches, [B]. */
  readonly pixelShares: Buffer;
  /** Sums of the losses in each bin over the number of valid pixels, averaged over batches, [B]. */
  readonly lossShares: Buffer;

  /**
   * Creates the reweighter with empty running means.
   *
   * @throws {OperationError} when an option is out of range
   */
  constructor(options: ClosedFormArmOptions = {}) {
    super();
    const { p, bins, momentum } = parseOptions('ClosedFormArm', schema, options);
    this.p = p;
    this.bins = bins;
    this.momentum = momentum;
    this.pixelShares = new Buffer(zeros([bins], { dtype: 'float32' }));
    this.lossShares = new Buffer(zeros([bins], { dtype: 'float32' }));
  }

  get normOrder(): 2 | 3 {
    return this.p;
  }

  /**
   * In training mode, updates the running means by the batch first, so that the very first weights follow its losses.
   */
  weigh(input: ReweighterInput): Tensor {
    expectInput('ClosedFormArm.weigh', input);
    const { confidenceNHW, validNHW, sumOverRanks } = input;
    return autocast({ device: confidenceNHW.device, enabled: false }, () => {
      if (this.training) this.#learn(input);
      return normalizeWeights(this.forward(confidenceNHW), validNHW, { p: this.p, sumOverRanks });
    });
  }

  /** Returns W(v̂) for confidences of any shape; 1 everywhere before the first batch. */
  forward(confidence: Tensor): Tensor {
    const table = noGrad(() => this.#weightOfBins());
    const position = confidence
      .reshape([-1])
      .add(1)
      .mul(this.bins / 2)
      .sub(0.5)
      .clamp({ min: 0, max: this.bins - 1 });
    const lower = indexOf(position, this.bins - 2);
    const fraction = position.sub(lower);
    const from = table.indexSelect(0, lower);
    const to = table.indexSelect(0, lower.add(1));
    return to.sub(from).mul(fraction).add(from).reshape(confidence.shape);
  }

  adversarialParameters(): null {
    return null;
  }

  curve(confidences: readonly number[]): number[] {
    return readCurve((confidence) => this.forward(confidence), {
      confidences,
      device: this.pixelShares.device,
    });
  }

  /** Updates the running means by the pixels of all processes that train together, so that all keep the same means. */
  #learn({ confidenceNHW, lossesNHW, validNHW, processGroup }: ReweighterInput): void {
    const overRanks = (sums: Tensor) => processGroup?.sumOverRanks(sums) ?? sums;
    tidy(() =>
      noGrad(() => {
        const position = confidenceNHW
          .reshape([-1])
          .add(1)
          .mul(this.bins / 2);
        const index = indexOf(position, this.bins - 1);
        const count = overRanks(validNHW.sum());
        // A batch without valid pixels leaves the means as they are.
        const share = count
          .gt(0)
          .to({ dtype: 'float32' })
          .mul(1 - this.momentum);
        const update = (average: Buffer, valuesNHW: Tensor) => {
          // Summed in float64: a bin may hold millions of pixels.
          const empty = zeros([this.bins], { dtype: 'float64', device: confidenceNHW.device });
          const values = valuesNHW.mul(validNHW).reshape([-1]).to({ dtype: 'float64' });
          const mean = overRanks(ops.scatterAdd(empty, 0, index, values)).div(count.clamp({ min: 1 }));
          average.add_(mean.to({ dtype: 'float32' }).sub(average).mul(share));
        };
        update(this.pixelShares, validNHW);
        update(this.lossShares, lossesNHW);
      }),
    );
  }

  /** Returns W at the middle of each bin, [B]. */
  #weightOfBins(): Tensor {
    const seen = this.pixelShares.gt(emptyBelow);
    // A mean loss below 0, which the KL loss can have, gives weight 0: the maximizer over W ≥ 0.
    const mean = this.lossShares.div(this.pixelShares.clamp({ min: emptyBelow })).clamp({ min: 0 });
    const positions = arange(this.bins, { dtype: 'float32', device: this.pixelShares.device });
    const filled = fillEmpty(mean, { seen, positions });
    return filled.pow(1 / (this.p - 1)).where(seen.sum().gt(0), 1);
  }
}

/**
 * Returns the whole part of a position as an index from 0 to `last`, also for NaN, which must not lead out of a
 * table.
 */
function indexOf(position: Tensor, last: number): Tensor {
  return ops.floor(position.detach()).to({ dtype: 'int64' }).clamp({ min: 0, max: last });
}

/**
 * Fills bins that no pixel fell into by linear interpolation between the nearest seen ones, and at the ends by the
 * nearest.
 */
function fillEmpty(
  values: Tensor,
  { seen, positions }: { readonly seen: Tensor; readonly positions: Tensor },
): Tensor {
  const bins = values.shape[0] ?? 0;
  const here = positions.unsqueeze(1);
  const there = positions.unsqueeze(0).expand([bins, bins]);
  const nearestBelow = there.where(there.le(here).logicalAnd(seen), -1).amax(1);
  const nearestAbove = there.where(there.ge(here).logicalAnd(seen), bins).amin(1);
  const below = nearestBelow.where(nearestBelow.ge(0), nearestAbove);
  const above = nearestAbove.where(nearestAbove.lt(bins), below);
  const from = values.indexSelect(0, indexOf(below, bins - 1));
  const to = values.indexSelect(0, indexOf(above, bins - 1));
  const fraction = positions.sub(below).div(above.sub(below).clamp({ min: 1 }));
  return to.sub(from).mul(fraction).add(from);
}

export const closedFormArmComponent = defineComponent({
  kind: 'closed-form-arm',
  options: schema,
  create: (parsed) => new ClosedFormArm(parsed),
});
