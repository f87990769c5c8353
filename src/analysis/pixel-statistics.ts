/**
 * Statistics of pixels by confidence: how many there are, how many of them are mislabeled, their losses and their weights.
 * These are Fig. 2 and Fig. 5 of the paper, measured; recorded during training, they show how both develop.
 */

import type { Division, DivisionCell, PixelStatistics } from '../runs/index.js';
import { type PixelSample, pixelState } from './pixel-sample.js';

/** Number of intervals that the histograms divide v̂ into, over [−1, 1]. */
export const binCount = 40;

/** Computes the statistics of a sample of pixels; numbers are rounded to seven digits. */
export function statisticsOf(sample: PixelSample): PixelStatistics {
  const { images, confidence, losses, states } = sample;
  const compared = states.reduce((sum, state) => sum + Number(state !== pixelState.unknown), 0);
  const mislabeled = states.reduce((sum, state) => sum + Number(state === pixelState.mislabeled), 0);
  const total = losses.reduce((sum, loss) => sum + loss, 0);
  // Saturated networks make many pixels tie at the confident end; the choice of median keeps those together, on its side.
  const confidenceMedian = median(confidence, { states, upper: true });
  const lossMedian = median(losses, { states, upper: false });
  return {
    images,
    pixels: states.length,
    compared,
    mislabeled,
    meanLoss: states.length === 0 ? null : rounded(total / states.length),
    bins: binsOf(sample),
    byLoss:
      lossMedian === null
        ? null
        : divide(sample, {
            threshold: lossMedian,
            isHigh: (pixel) => (losses[pixel] as number) > lossMedian,
          }),
    byConfidence:
      confidenceMedian === null
        ? null
        : divide(sample, {
            threshold: confidenceMedian,
            isHigh: (pixel) => (confidence[pixel] as number) >= confidenceMedian,
          }),
  };
}

/** Returns the interval that a confidence of −1..1 falls into; 1 belongs to the last. */
export function binOf(confidence: number): number {
  return Math.min(binCount - 1, Math.max(0, Math.floor(((confidence + 1) / 2) * binCount)));
}

/** Returns the middle of interval `bin`. */
export function binCenter(bin: number): number {
  return ((bin + 0.5) * 2) / binCount - 1;
}

function binsOf({ confidence, losses, weights, states }: PixelSample): PixelStatistics['bins'] {
  const zeros = () => new Array<number>(binCount).fill(0);
  const [pixels, compared, mislabeled, loss, weight] = [zeros(), zeros(), zeros(), zeros(), zeros()];
  for (const [pixel, state] of states.entries()) {
    const bin = binOf(confidence[pixel] as number);
    pixels[bin] = (pixels[bin] as number) + 1;
    if (state !== pixelState.unknown) compared[bin] = (compared[bin] as number) + 1;
    if (state === pixelState.mislabeled) mislabeled[bin] = (mislabeled[bin] as number) + 1;
    loss[bin] = (loss[bin] as number) + (losses[pixel] as number);
    weight[bin] = (weight[bin] as number) + (weights[pixel] as number);
  }
  const allWeight = weight.reduce((sum, one) => sum + one, 0);
  return {
    pixels,
    compared,
    mislabeled,
    meanLoss: loss.map((sum, bin) => (pixels[bin] === 0 ? null : rounded(sum / (pixels[bin] as number)))),
    weightShare: weight.map((sum) => (allWeight === 0 ? 0 : rounded(sum / allWeight))),
  };
}

/** Returns the upper or lower median over the compared pixels; null when there are none. */
function median(
  values: Float32Array,
  { states, upper }: { readonly states: Uint8Array; readonly upper: boolean },
): number | null {
  const known = values.filter((_, pixel) => states[pixel] !== pixelState.unknown).sort();
  return known[upper ? known.length >> 1 : (known.length - 1) >> 1] ?? null;
}

function divide(
  { losses, weights, states }: PixelSample,
  { threshold, isHigh }: { readonly threshold: number; readonly isHigh: (pixel: number) => boolean },
): Division {
  const sums = Array.from({ length: 4 }, () => ({ pixels: 0, loss: 0, weight: 0 }));
  let allWeight = 0;
  for (const [pixel, state] of states.entries()) {
    if (state === pixelState.unknown) continue;
    const sum = sums[2 * state + Number(isHigh(pixel))] as (typeof sums)[number];
    sum.pixels += 1;
    sum.loss += losses[pixel] as number;
    sum.weight += weights[pixel] as number;
    allWeight += weights[pixel] as number;
  }
  const [correctLow, correctHigh, mislabeledLow, mislabeledHigh] = sums.map(({ pixels, loss, weight }) => ({
    pixels,
    meanLoss: pixels === 0 ? null : rounded(loss / pixels),
    weightShare: allWeight === 0 ? 0 : rounded(weight / allWeight),
  })) as [DivisionCell, DivisionCell, DivisionCell, DivisionCell];
  return {
    threshold,
    correct: { low: correctLow, high: correctHigh },
    mislabeled: { low: mislabeledLow, high: mislabeledHigh },
  };
}

/** Rounds to seven digits, the precision of a float32. */
function rounded(value: number): number {
  return Number(value.toPrecision(7));
}
