/** Mean and spread over seeds. */

export interface Summary {
  /** NaN when any value is NaN, null without values. */
  readonly mean: number | null;
  /** Sample standard deviation, with n − 1 below the sum; null for fewer than two values. */
  readonly deviation: number | null;
  readonly count: number;
}

export function summarize(values: readonly number[]): Summary {
  const count = values.length;
  if (count === 0) return { mean: null, deviation: null, count };
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  if (count === 1) return { mean, deviation: null, count };
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / (count - 1)), count };
}
