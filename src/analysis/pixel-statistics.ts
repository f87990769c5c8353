/**
 * What pixels of different confidence are like: how many there are, how many of them carry a wrong label, what they
 * lose and what they weigh. This is Fig. 2 of the paper measured, and Fig. 5; recorded during training, it shows how
 * both come about.
 */

import { z } from 'zod';
import { type PixelSample, pixelState } from './pixel-sample.js';

/** Intervals of v̂ over [−1, 1] in the histograms. */
export const binCount = 40;

const counts = z.array(z.int().min(0));
const amounts = z.array(z.number());

const cell = z.object({
  pixels: z.int().min(0),
  /** Null where there is no pixel. */
  meanLoss: z.number().nullable(),
  /** Share of the weight of all compared pixels. */
  weightShare: z.number(),
});
const halves = z.object({ low: cell, high: cell });
const division = z.object({
  /** The median over the compared pixels. */
  threshold: z.number(),
  correct: halves,
  mislabeled: halves,
});

/** The values of a `statistics` line in `metrics.jsonl`; lines of version 0.1.0 spell the key `mislabelled`. */
export const pixelStatistics = z.preprocess(
  withAmericanKeys,
  z.object({
    images: z.int().min(0),
    /** Labeled pixels. */
    pixels: z.int().min(0),
    /** Pixels that a finer label says something of; the two divisions speak of these alone. */
    compared: z.int().min(0),
    mislabeled: z.int().min(0),
    meanLoss: z.number().nullable(),
    /** By interval of v̂, from −1 to 1, all of one length. */
    bins: z.object({
      pixels: counts,
      compared: counts,
      mislabeled: counts,
      /** Null in an empty interval. */
      meanLoss: z.array(z.number().nullable()),
      /** Shares of the weight of all labeled pixels; they sum to 1. */
      weightShare: amounts,
    }),
    /** Fig. 2(a) and 2(b); null when no pixel could be compared. */
    byLoss: division.nullable(),
    byConfidence: division.nullable(),
  }),
);

/** Renames the key `mislabelled` of earlier versions, at every depth. */
function withAmericanKeys(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key === 'mislabelled' ? 'mislabeled' : key,
      withAmericanKeys(inner),
    ]),
  );
}

export type PixelStatistics = z.output<typeof pixelStatistics>;
/** Fig. 2(a) or 2(b): correct and mislabeled pixels, each below and above the median of the indicator. */
export type Division = z.output<typeof division>;
export type DivisionCell = z.output<typeof cell>;

export function statisticsOf(sample: PixelSample): PixelStatistics {
  const { images, confidence, losses, states } = sample;
  const known = states.reduce((sum, state) => sum + Number(state !== pixelState.unknown), 0);
  const isMislabeled = states.reduce((sum, state) => sum + Number(state === pixelState.mislabeled), 0);
  const total = losses.reduce((sum, loss) => sum + loss, 0);
  // Networks saturate, losses too: the many pixels that tie at the sure end belong together, on its side.
  const byConfidence = median(confidence, { states, upper: true });
  const byLoss = median(losses, { states, upper: false });
  return {
    images,
    pixels: states.length,
    compared: known,
    mislabeled: isMislabeled,
    meanLoss: states.length === 0 ? null : rounded(total / states.length),
    bins: binsOf(sample),
    byLoss:
      byLoss === null
        ? null
        : divide(sample, { threshold: byLoss, isHigh: (pixel) => (losses[pixel] as number) > byLoss }),
    byConfidence:
      byConfidence === null
        ? null
        : divide(sample, {
            threshold: byConfidence,
            isHigh: (pixel) => (confidence[pixel] as number) >= byConfidence,
          }),
  };
}

/** The interval that a confidence falls into; 1 belongs to the last. */
export function binOf(confidence: number): number {
  return Math.min(binCount - 1, Math.max(0, Math.floor(((confidence + 1) / 2) * binCount)));
}

/** The middle of interval `bin`. */
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

/** The upper or lower median over the compared pixels; null when there are none. */
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

/** Seven digits: what a float32 holds, and short in a file. */
function rounded(value: number): number {
  return Number(value.toPrecision(7));
}
