/**
 * ARM without the learning, beyond the paper. Holding the losses, the weights that ARM climbs to are known: under
 * ‖W‖_p = 1 the maximizer of Σ W(v̂)·l is W(v) ∝ E[l | v]^{1/(p−1)} (section 3.4, by Hölder's inequality). So the mean
 * loss of each interval of confidence is kept, and that weight used: no parameters, no learning rate, no warm-up.
 */

import { OperationError } from '../errors/index.js';
import { Buffer, Module } from '../nn/index.js';
import { arange, autocast, noGrad, ops, type Tensor, tensorFrom, tidy, zeros } from '../torch/index.js';
import { normalizeWeights } from './normalize-weights.js';
import { expectInput, type Reweighter, type ReweighterInput } from './reweighter.js';

export interface ClosedFormArmOptions {
  /** Order of the norm that W is held to; with 1 all weight would go to the hardest confidence alone (Eq. 11). */
  readonly p?: 2 | 3;
  /** Intervals of [−1, 1] in which the mean loss is kept; W is a line from the middle of one to the next. */
  readonly bins?: number;
  /** Share of what is known that a batch leaves; 0 looks at the present batch alone. */
  readonly momentum?: number;
}

// A bin with less than this share of the pixels counts as empty: nothing fell into it for long. At the default momentum
// a bin that had all pixels has faded to this after 263 batches without one.
const emptyBelow = 1e-12;

export class ClosedFormArm extends Module implements Reweighter {
  readonly isolatedStart = false;
  readonly p: 2 | 3;
  readonly bins: number;
  readonly momentum: number;
  /** Share of the valid pixels in each bin, averaged over batches. */
  readonly pixelShares: Buffer;
  /** Their losses over the number of valid pixels; with the above, the mean loss of each bin. */
  readonly lossShares: Buffer;

  /** @throws OperationError for an option that has no meaning */
  constructor({ p = 2, bins = 64, momentum = 0.9 }: ClosedFormArmOptions = {}) {
    super();
    if (p !== 2 && p !== 3) {
      throw new OperationError(
        `ClosedFormArm: expected p = 2 or 3, received ${p}; p = 1 has no closed form but all weight on one confidence`,
      );
    }
    if (!Number.isInteger(bins) || bins < 2) {
      throw new OperationError(`ClosedFormArm: expected 2 bins or more, received ${bins}`);
    }
    if (!(momentum >= 0 && momentum < 1)) {
      throw new OperationError(`ClosedFormArm: expected momentum in [0, 1), received ${momentum}`);
    }
    this.p = p;
    this.bins = bins;
    this.momentum = momentum;
    this.pixelShares = new Buffer(zeros([bins], { dtype: 'float32' }));
    this.lossShares = new Buffer(zeros([bins], { dtype: 'float32' }));
  }

  get normOrder(): 2 | 3 {
    return this.p;
  }

  /** In training mode learns from the batch first, so that its very first weights already follow its losses. */
  weigh(input: ReweighterInput): Tensor {
    expectInput('ClosedFormArm.weigh', input);
    const { confidenceNHW, validNHW, sumOverRanks } = input;
    return autocast({ device: confidenceNHW.device, enabled: false }, () => {
      if (this.training) this.#learn(input);
      return normalizeWeights(this.forward(confidenceNHW), validNHW, { p: this.p, sumOverRanks });
    });
  }

  /** W(v̂) for confidences of any shape; 1 everywhere before a batch was seen. */
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
    return noGrad(() => {
      const points = tidy(() => {
        const { device } = this.pixelShares;
        return this.forward(
          tensorFrom(confidences, { dtype: 'float32', shape: [confidences.length], device }),
        );
      });
      const values = Array.from(points.toTypedArray(), Number);
      points.dispose();
      return values;
    });
  }

  /** From the pixels of all processes that train together: what is known is the same in each. */
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
        // A batch without a valid pixel tells nothing: it must not make what is known fade.
        const news = count
          .gt(0)
          .to({ dtype: 'float32' })
          .mul(1 - this.momentum);
        const update = (average: Buffer, valuesNHW: Tensor) => {
          // Summed in float64: a bin may hold millions of pixels.
          const empty = zeros([this.bins], { dtype: 'float64', device: confidenceNHW.device });
          const values = valuesNHW.mul(validNHW).reshape([-1]).to({ dtype: 'float64' });
          const share = overRanks(ops.scatterAdd(empty, 0, index, values)).div(count.clamp({ min: 1 }));
          average.add_(share.to({ dtype: 'float32' }).sub(average).mul(news));
        };
        update(this.pixelShares, validNHW);
        update(this.lossShares, lossesNHW);
      }),
    );
  }

  /** W at the middle of each bin, [B]. */
  #weightOfBins(): Tensor {
    const seen = this.pixelShares.gt(emptyBelow);
    // A loss that may fall below 0, as the KL loss does, gives weight 0 there: the maximizer over W ≥ 0.
    const mean = this.lossShares.div(this.pixelShares.clamp({ min: emptyBelow })).clamp({ min: 0 });
    const positions = arange(this.bins, { dtype: 'float32', device: this.pixelShares.device });
    const filled = fillEmpty(mean, { seen, positions });
    return filled.pow(1 / (this.p - 1)).where(seen.sum().gt(0), 1);
  }
}

/** Whole part as an index 0 … last, also of what is not a number, which must not reach beyond a table. */
function indexOf(position: Tensor, last: number): Tensor {
  return ops.floor(position.detach()).to({ dtype: 'int64' }).clamp({ min: 0, max: last });
}

/** Values of bins nothing fell into: on the line between the nearest that have some, or the nearest at the ends. */
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
