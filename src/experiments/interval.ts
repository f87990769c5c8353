/** Computes confidence intervals of a mean over seeds, by Student's t and by the bootstrap. */

import { RandomStream } from '../data/index.js';
import { studentBound } from './student-t.js';

/** Holds the ends of a confidence interval. */
export interface Interval {
  readonly lower: number;
  readonly upper: number;
}

/** Gives the probability with which an interval contains the mean that it estimates. */
export const confidenceLevel = 0.95;

/**
 * Returns the interval mean ± t · s/√n, which assumes that the values are normally distributed about their mean. Returns
 * null for fewer than two values, and where one of them is not finite.
 */
export function studentInterval(values: readonly number[]): Interval | null {
  if (!canEstimate(values)) return null;
  const mean = meanOf(values);
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const error = Math.sqrt(squares / (values.length - 1) / values.length);
  const bound = studentBound({ level: confidenceLevel, degreesOfFreedom: values.length - 1 });
  return { lower: mean - bound * error, upper: mean + bound * error };
}

/** Configures `bootstrapInterval`. */
export interface BootstrapOptions {
  /** Counts the samples that are drawn. */
  readonly resamples?: number;
  /** Makes the draws; equal seeds give equal intervals. */
  readonly seed?: number;
}

/**
 * Returns the percentile interval of the bootstrap: the middle 95 % of the means of samples drawn with replacement. It
 * assumes no distribution, but it is too narrow for a handful of values. Returns null where `studentInterval` does.
 */
export function bootstrapInterval(
  values: readonly number[],
  { resamples = 10_000, seed = 0 }: BootstrapOptions = {},
): Interval | null {
  if (!canEstimate(values)) return null;
  const random = new RandomStream(seed, [values.length]);
  const means = Float64Array.from({ length: resamples }, () => {
    const drawn = values.map(() => values[random.integer(values.length)] as number);
    return meanOf(drawn);
  }).sort();
  const outside = Math.floor((resamples * (1 - confidenceLevel)) / 2);
  return { lower: means[outside] as number, upper: means[resamples - 1 - outside] as number };
}

function canEstimate(values: readonly number[]): boolean {
  return values.length >= 2 && values.every(Number.isFinite);
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
