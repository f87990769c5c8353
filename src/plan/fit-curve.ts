/**
 * Fits a learning curve with a bootstrap over seeds and counts. Each replicate draws the seeds anew, each with its own
 * nested subset and head, and then the counts, so that its fit varies as much as the choice of seeds and of measured
 * counts makes it vary. What a power law cannot describe shows as a spread between the counts that were drawn.
 */

import { RandomStream } from '../data/index.js';
import type { Interval } from '../experiments/index.js';
import { confidenceLevel, studentBound } from '../experiments/internal.js';
import {
  type CurveMeasurement,
  curveKinds,
  type LearningCurve,
  mean,
  startsAtZero,
} from './learning-curve.js';
import { type CurvePoint, fitPowerLaw, type PowerLaw, powerLawAt } from './power-law.js';

/** Holds a curve with its fits. */
export interface FittedCurve extends LearningCurve {
  /** Is the fit to the mean scores. */
  readonly law: PowerLaw;
  /** Holds the fits of the bootstrap; replicate r of every curve has the same draw of seeds. */
  readonly replicates: readonly PowerLaw[];
  /** Says how scores vary over the seeds. */
  readonly noise: ScoreNoise;
}

/** Describes the variance of a score over seeds: variance · count^−decline. */
export interface ScoreNoise {
  /** Is the variance at count 1; 0 where there is a single seed. */
  readonly variance: number;
  /** Is between 0 and 2. */
  readonly decline: number;
  /** Counts the degrees of freedom of the estimate. */
  readonly freedom: number;
}

/** Configures `fitCurve`. */
export interface FitCurveOptions {
  /** Counts the fits of the bootstrap; 400 by default. */
  readonly replicates?: number;
  /** Seeds the bootstrap; 0 by default. */
  readonly seed?: number;
}

/** Counts the measured counts that a fit needs. */
export const leastCounts = 4;

/** Separates these draws from others of the same seed. */
const seedPurpose = 0x706c616e;
const countPurpose = 0x706c6163;

/**
 * Returns the fit of a curve of at least four counts.
 *
 * @throws {OperationError} when the curve has fewer than three counts
 */
export function fitCurve(
  curve: LearningCurve,
  { replicates: total = 400, seed = 0 }: FitCurveOptions = {},
): FittedCurve {
  const { measurements } = curve;
  const shifted = startsAtZero(curve);
  const noise = noiseOf(curve);
  // Counts weigh as their scores are certain, the greatest count as 1.
  const greatest = Math.max(...measurements.map(({ count }) => count));
  const means = measurements.map(({ count, scores }) => ({
    count,
    score: mean(scores),
    weight: noise.decline === 0 ? 1 : (count / greatest) ** noise.decline,
  }));
  const law = fitPowerLaw(means, { shifted });
  const seeds = Math.min(...measurements.map(({ scores }) => scores.length));
  // The mean over n drawn seeds varies by (n − 1) / n of what the mean over n new seeds would.
  const inflation = seeds > 1 ? Math.sqrt(seeds / (seeds - 1)) : 0;
  const replicates = Array.from({ length: total }, (_, replicate) => {
    const drawn = drawSeeds(seeds, new RandomStream(seed, [seedPurpose, replicate]));
    const draws = drawCounts(measurements.length, {
      random: new RandomStream(seed, [countPurpose, replicate, curveKinds.indexOf(curve.kind)]),
      keepsFirst: shifted,
    });
    const points: CurvePoint[] = measurements.map(({ count, scores }, place) => {
      const { score: center, weight } = means[place] as (typeof means)[number];
      const drawnMean = mean(drawn.map((index) => scores[index] as number));
      return {
        count,
        score: center + inflation * (drawnMean - center),
        weight: weight * (draws[place] as number),
      };
    });
    return fitPowerLaw(points, { shifted });
  });
  return { ...curve, law, replicates, noise };
}

/** Returns the 95 % interval of values: their 2.5 % and 97.5 % quantiles. */
export function intervalOf(values: readonly number[]): Interval {
  const sorted = values.toSorted((a, b) => a - b);
  return { lower: quantile(sorted, 0.025), upper: quantile(sorted, 0.975) };
}

/** Returns the interval of the curve itself at a count. */
export function curveInterval({ replicates }: Pick<FittedCurve, 'replicates'>, count: number): Interval {
  return intervalOf(replicates.map((law) => powerLawAt(law, count)));
}

/** Returns the interval of the gain from one count to another. */
export function gainInterval(
  { replicates }: Pick<FittedCurve, 'replicates'>,
  { from, to }: { readonly from: number; readonly to: number },
): Interval {
  return intervalOf(replicates.map((law) => powerLawAt(law, to) - powerLawAt(law, from)));
}

/**
 * Returns the interval of the mean score of a count, from Student's t and the deviation that all counts tell; null for a
 * single seed.
 */
export function meanInterval(
  curve: Pick<LearningCurve, 'measurements'>,
  { count, scores }: CurveMeasurement,
): Interval | null {
  const noise = noiseOf(curve);
  if (noise.freedom === 0) return null;
  const bound = studentBound({ level: confidenceLevel, degreesOfFreedom: noise.freedom });
  const half = (bound * deviationAt(noise, count)) / Math.sqrt(scores.length);
  const center = mean(scores);
  return { lower: center - half, upper: center + half };
}

/**
 * Estimates how scores vary over the seeds at each count, by maximum likelihood: the variance is a power of the count, as
 * subsets of few images differ more than those of many. A curve that begins at 0 adds to the same images throughout, and
 * has one variance.
 */
export function noiseOf(curve: Pick<LearningCurve, 'measurements'>): ScoreNoise {
  const groups = curve.measurements.map(({ count, scores }) => {
    const center = mean(scores);
    const squares = scores.reduce((sum, score) => sum + (score - center) ** 2, 0);
    return { count, squares, freedom: scores.length - 1 };
  });
  const freedom = groups.reduce((sum, one) => sum + one.freedom, 0);
  if (freedom === 0) return { variance: 0, decline: 0, freedom };
  const declines = startsAtZero(curve) ? [0] : Array.from({ length: 41 }, (_, place) => place / 20);
  const models = declines.map((decline) => {
    const variance =
      groups.reduce((sum, { count, squares }) => sum + squares * count ** decline, 0) / freedom;
    const likelihood = groups.reduce(
      (sum, one) => sum - (one.freedom / 2) * Math.log(variance * one.count ** -decline),
      0,
    );
    return { variance, decline, freedom, likelihood };
  });
  const [first, ...others] = models as [(typeof models)[number], ...typeof models];
  const { likelihood: _, ...best } = others.reduce(
    (most, model) => (model.likelihood > most.likelihood ? model : most),
    first,
  );
  return best;
}

/** Returns the standard deviation of a score at a count. */
export function deviationAt({ variance, decline }: ScoreNoise, count: number): number {
  return Math.sqrt(variance * (decline === 0 ? 1 : count ** -decline));
}

function drawSeeds(count: number, random: RandomStream): number[] {
  return Array.from({ length: count }, () => random.integer(count));
}

/** Returns how often each count is drawn: at least three different ones, and the start of a curve always. */
function drawCounts(
  count: number,
  { random, keepsFirst }: { readonly random: RandomStream; readonly keepsFirst: boolean },
): number[] {
  for (;;) {
    const weights = new Array<number>(count).fill(0);
    for (let draw = 0; draw < count; draw++) {
      const place = random.integer(count);
      weights[place] = (weights[place] as number) + 1;
    }
    if (keepsFirst && weights[0] === 0) weights[0] = 1;
    if (weights.filter((weight) => weight > 0).length >= Math.min(3, count)) return weights;
  }
}

function quantile(sorted: readonly number[], share: number): number {
  const place = share * (sorted.length - 1);
  const [below, above] = [Math.floor(place), Math.ceil(place)];
  const low = sorted[below] ?? Number.NaN;
  return low + (place - below) * ((sorted[above] ?? low) - low);
}
