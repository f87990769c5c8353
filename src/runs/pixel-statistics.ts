/**
 * Describes the `statistics` lines of `metrics.jsonl`: how many training pixels there are at each confidence v̂, how many
 * of them carry a wrong label, what they lose and what they weigh (Fig. 2 and 5 of the paper).
 */

import { z } from 'zod';

const counts = z.array(z.int().min(0));
const amounts = z.array(z.number());

const cell = z.object({
  pixels: z.int().min(0),
  /** Is null when there is no pixel. */
  meanLoss: z.number().nullable(),
  /** Gives the share of the weight of all compared pixels. */
  weightShare: z.number(),
});
const halves = z.object({ low: cell, high: cell });
const division = z.object({
  /** Gives the median over the compared pixels. */
  threshold: z.number(),
  correct: halves,
  mislabeled: halves,
});

/** Checks the values of a `statistics` line. */
export const pixelStatistics = z.preprocess(
  withAmericanKeys,
  z.object({
    images: z.int().min(0),
    /** Counts the labeled pixels. */
    pixels: z.int().min(0),
    /** Counts the pixels that a finer label judges; the two divisions count these alone. */
    compared: z.int().min(0),
    mislabeled: z.int().min(0),
    meanLoss: z.number().nullable(),
    /** Holds lists of equal length with one entry for each interval of v̂, from −1 to 1. */
    bins: z.object({
      pixels: counts,
      compared: counts,
      mislabeled: counts,
      /** Is null in an empty interval. */
      meanLoss: z.array(z.number().nullable()),
      /** Holds shares of the weight of all labeled pixels, which sum to 1. */
      weightShare: amounts,
    }),
    /** Gives Fig. 2(a); null, as the next key, when no pixel could be compared. */
    byLoss: division.nullable(),
    byConfidence: division.nullable(),
  }),
);

/** Renames the key `mislabelled`, which earlier versions wrote, at every depth. */
function withAmericanKeys(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key === 'mislabelled' ? 'mislabeled' : key,
      withAmericanKeys(inner),
    ]),
  );
}

/** Holds loss, wrong labels and weight by confidence, measured on some training images. */
export type PixelStatistics = z.output<typeof pixelStatistics>;
/** Divides pixels as Fig. 2(a) or 2(b) does: correct and mislabeled ones, each below and above the median of the indicator. */
export type Division = z.output<typeof division>;
/** Counts the pixels of one cell of a division, with their mean loss and their share of the weight. */
export type DivisionCell = z.output<typeof cell>;
