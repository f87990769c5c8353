/**
 * Computes the weight that reweighting would give a pixel: that of closed-form ARM, fitted on a sample of labeled pixels by
 * their confidence and loss. Pixels of confident networks with high losses, as wrong labels have, get the highest ones.
 */

import { ignoreIndex } from '../data/index.js';
import { ClosedFormArm, variance } from '../reweighting/index.js';
import { noGrad, tensorFrom, tidy } from '../torch/index.js';
import type { LabeledSample } from './knowledge.js';

/** Counts the intervals of confidence in which a sample is added up. */
const fineBins = 1024;

/** Bounds likelihoods from below, so that losses are finite. */
export const leastLikelihood = 1e-6;

/** Holds weights over confidence in [−1, 1], at the middles of even intervals; 1 is the mean over labeled pixels. */
export type WeightCurve = Float64Array;

/** Adds up a sample of labeled pixels. */
export class WeightTally {
  readonly #classCount: number;
  readonly #pixels = new Float64Array(fineBins);
  readonly #losses = new Float64Array(fineBins);

  constructor(classCount: number) {
    this.#classCount = classCount;
  }

  /** Adds pixels. */
  add({ labels, likelihoods, multiplicities }: LabeledSample): void {
    const found = confidencesOf(likelihoods, this.#classCount);
    for (const [place, label] of labels.entries()) {
      if (label === ignoreIndex) continue;
      const bin = binOf(found[place] as number);
      const count = multiplicities[place] as number;
      const likelihood = likelihoods[place * this.#classCount + label] as number;
      this.#pixels[bin] = (this.#pixels[bin] as number) + count;
      this.#losses[bin] =
        (this.#losses[bin] as number) - count * Math.log(Math.max(likelihood, leastLikelihood));
    }
  }

  /** Returns the weights over confidence; 1 everywhere without a sample. */
  get curve(): WeightCurve {
    const total = sumOf(this.#pixels);
    if (total === 0) return new Float64Array(fineBins).fill(1);
    const weights = Float64Array.from(
      tidy(() => {
        const arm = new ClosedFormArm();
        try {
          const share = (sums: Float64Array) => {
            const merged = new Float64Array(arm.bins);
            const step = fineBins / arm.bins;
            for (const [bin, sum] of sums.entries()) {
              const place = Math.floor(bin / step);
              merged[place] = (merged[place] as number) + sum / total;
            }
            return tensorFrom(Float32Array.from(merged), { dtype: 'float32', shape: [arm.bins] });
          };
          noGrad(() => {
            arm.pixelShares.copy_(share(this.#pixels));
            arm.lossShares.copy_(share(this.#losses));
          });
          return arm.curve(Array.from({ length: fineBins }, (_, bin) => (2 * (bin + 0.5)) / fineBins - 1));
        } finally {
          arm.dispose();
        }
      }),
    );
    const mean = sumOf(weights.map((weight, bin) => weight * (this.#pixels[bin] as number))) / total;
    return weights.map((weight) => (mean > 0 ? weight / mean : 1));
  }
}

/** Returns the weight of each point by its likelihoods [points, classes]. */
export function weightsOf(
  curve: WeightCurve,
  { likelihoods, classCount }: { readonly likelihoods: Float32Array; readonly classCount: number },
): Float32Array {
  return confidencesOf(likelihoods, classCount).map((confidence) => curve[binOf(confidence)] as number);
}

/** Returns the confidence of each point, in [−1, 1], by the indicator that ARM reads by default. */
function confidencesOf(likelihoods: Float32Array, classCount: number): Float32Array {
  const points = likelihoods.length / classCount;
  if (points === 0) return new Float32Array(0);
  return tidy(() => {
    const rows = tensorFrom(likelihoods, { dtype: 'float32', shape: [1, 1, points, classCount] });
    const logits = rows.clamp({ min: leastLikelihood }).log().permute([0, 3, 1, 2]);
    return variance(logits).reshape([-1]).contiguous().toTypedArray() as Float32Array;
  });
}

function binOf(confidence: number): number {
  return Math.min(fineBins - 1, Math.max(0, Math.floor(((confidence + 1) / 2) * fineBins)));
}

function sumOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}
