/**
 * Compares runs seed by seed. Equal seeds start from equal weights and see equal batches, so that their difference varies
 * less than either score.
 */

import type { Metric } from './experiment-table.js';
import { bootstrapInterval, type Interval, studentInterval } from './interval.js';
import type { Job } from './job.js';
import type { JobStatus } from './job-status.js';

/** Holds a job with the status in its folder. */
export interface KnownJob {
  readonly job: Job;
  readonly status: JobStatus;
}

/** Holds mean and spread of a score over seeds. */
export interface Summary {
  /** Is NaN when any value is NaN, and null without values. */
  readonly mean: number | null;
  /** Gives the sample standard deviation, with divisor n − 1; null for fewer than two values. */
  readonly deviation: number | null;
  readonly count: number;
}

/** Holds the difference or the ratio of two runs over the seeds that both have, with 95 % intervals of its mean. */
export interface PairedDifference extends Summary {
  /** Is Student's t interval; null for fewer than two seeds, and when one of them diverged. */
  readonly interval: Interval | null;
  /** Is the percentile interval of the bootstrap; null where `interval` is. */
  readonly bootstrap: Interval | null;
}

/** Returns mean and sample standard deviation of values. */
export function summarize(values: readonly number[]): Summary {
  const count = values.length;
  if (count === 0) return { mean: null, deviation: null, count };
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  if (count === 1) return { mean, deviation: null, count };
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / (count - 1)), count };
}

/** Returns a score in per cent by seed, for the seeds that have it; NaN for a diverged one. */
export function scoresBySeed(jobs: readonly KnownJob[], metric: Metric): ReadonlyMap<number, number> {
  const values = new Map<number, number>();
  for (const { job, status } of jobs) {
    if (status.state === 'finished') {
      const score = status.scores[metric];
      if (score !== null) values.set(job.seed, 100 * score);
    }
    if (status.state === 'failed' && status.diverged) values.set(job.seed, Number.NaN);
  }
  return values;
}

/** Returns the difference of two runs over the seeds that both have. */
export function pairedDifference(
  own: ReadonlyMap<number, number>,
  base: ReadonlyMap<number, number>,
): PairedDifference {
  return overSharedSeeds(own, { base, compare: (value, other) => value - other });
}

/** Returns the ratio of two runs over the seeds that both have. */
export function pairedRatio(
  own: ReadonlyMap<number, number>,
  base: ReadonlyMap<number, number>,
): PairedDifference {
  return overSharedSeeds(own, { base, compare: (value, other) => value / other });
}

interface Comparison {
  readonly base: ReadonlyMap<number, number>;
  readonly compare: (own: number, base: number) => number;
}

function overSharedSeeds(own: ReadonlyMap<number, number>, { base, compare }: Comparison): PairedDifference {
  const shared = [...own].filter(([seed]) => base.has(seed)).sort(([a], [b]) => a - b);
  const values = shared.map(([seed, value]) => compare(value, base.get(seed) as number));
  return {
    ...summarize(values),
    interval: studentInterval(values),
    bootstrap: bootstrapInterval(values),
  };
}
