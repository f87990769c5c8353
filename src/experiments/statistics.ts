/** Summarizes scores over seeds. */

/** Holds the mean and spread of some values. */
export interface Summary {
  /** Is NaN when any value is NaN, and null without values. */
  readonly mean: number | null;
  /** Holds the sample standard deviation (over n − 1); null for fewer than two values. */
  readonly deviation: number | null;
  readonly count: number;
}

/** Returns the mean and sample standard deviation of these values. */
export function summarize(values: readonly number[]): Summary {
  const count = values.length;
  if (count === 0) return { mean: null, deviation: null, count };
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  if (count === 1) return { mean, deviation: null, count };
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / (count - 1)), count };
}
