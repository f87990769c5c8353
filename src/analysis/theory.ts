/**
 * Compares the weights of a run with the theory (paper, section 3.4): under ‖W‖_p = 1 the weighted loss is greatest for
 * W(v) ∝ E[l | v]^{1/(p−1)}, by Hölder's inequality.
 */

import type { PixelStatistics } from '../runs/index.js';
import { binCenter } from './pixel-statistics.js';

/** Holds the weights of a run and those of the theory by confidence; all lists have one length. */
export interface TheoryCurve {
  /** Middles of the intervals of v̂ that have pixels. */
  readonly confidence: readonly number[];
  /** Share of the labeled pixels in each. */
  readonly pixelShare: readonly number[];
  /** Mean weight of the interval's pixels; the mean over all pixels is 1. */
  readonly weight: readonly number[];
  /** E[l | v̂]^{1/(p−1)}, scaled to the same mean of 1. */
  readonly theory: readonly number[];
  /** Pearson's correlation of weight and theory over the pixels, −1..1; null where either is constant. */
  readonly correlation: number | null;
}

/**
 * Computes both curves from the statistics of a run.
 *
 * @param p order of the norm, above 1: at 1 the theory puts all weight on one pixel (Eq. 11), which is no curve
 * @throws {RangeError} when `p` is 1 or less
 */
export function compareWithTheory({ bins, pixels }: PixelStatistics, p: number): TheoryCurve {
  if (!(p > 1)) throw new RangeError(`compareWithTheory: expected p > 1, received ${p}`);
  const filled = bins.pixels.flatMap((count, bin) => (count > 0 ? [bin] : []));
  const pixelShare = filled.map((bin) => (bins.pixels[bin] as number) / pixels);
  const weight = filled.map(
    (bin, place) => (bins.weightShare[bin] as number) / (pixelShare[place] as number),
  );
  // A mean loss may be negative, as the KL loss is where its scale is small; the best weight is then 0.
  const unscaled = filled.map((bin) => Math.max(0, bins.meanLoss[bin] as number) ** (1 / (p - 1)));
  const mean = weightedSum(unscaled, pixelShare);
  const theory = unscaled.map((value) => (mean === 0 ? 1 : value / mean));
  return {
    confidence: filled.map(binCenter),
    pixelShare,
    weight,
    theory,
    correlation: correlationOf([weight, theory], pixelShare),
  };
}

/** Computes Pearson's correlation, each pair counted by its share. */
function correlationOf(
  [first, second]: readonly [readonly number[], readonly number[]],
  shares: readonly number[],
): number | null {
  const centered = (values: readonly number[]) => {
    const mean = weightedSum(values, shares);
    return values.map((value) => value - mean);
  };
  const [a, b] = [centered(first), centered(second)];
  const product = (one: readonly number[], other: readonly number[]) =>
    weightedSum(
      one.map((value, index) => value * (other[index] as number)),
      shares,
    );
  const [spreadA, spreadB] = [product(a, a), product(b, b)];
  // The file holds seven digits, so that a spread below their rounding is no spread.
  if (spreadA < 1e-12 || spreadB < 1e-12) return null;
  return product(a, b) / Math.sqrt(spreadA * spreadB);
}

function weightedSum(values: readonly number[], shares: readonly number[]): number {
  return values.reduce((sum, value, index) => sum + value * (shares[index] as number), 0);
}
