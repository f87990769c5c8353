/**
 * Checks a curve against itself: the second half of the labels is predicted from the first half alone, and compared with what
 * was measured. A plan whose own past it cannot predict is not to be trusted for the future.
 */

import { RandomStream } from '../data/index.js';
import type { Interval } from '../experiments/index.js';
import { deviationAt, type FitCurveOptions, fitCurve, intervalOf, leastCounts } from './fit-curve.js';
import { type CurveKind, type LearningCurve, mean } from './learning-curve.js';
import { powerLawAt } from './power-law.js';

/** Compares a prediction with a measurement. */
export interface SecondHalfCheck {
  readonly kind: CurveKind;
  /** Is the greatest count that the prediction saw. */
  readonly from: number;
  /** Is the count that was predicted. */
  readonly count: number;
  /** Is the predicted mIoU, between 0 and 1. */
  readonly predicted: number;
  /** Is the 95 % interval of the mean over as many seeds as were measured. */
  readonly interval: Interval;
  /** Is the measured mIoU, the mean over the seeds. */
  readonly measured: number;
  /** Tells whether the interval holds the measured mIoU. */
  readonly covered: boolean;
}

/** Separates these draws from others of the same seed. */
const purpose = 0x68616c66;

/**
 * Returns a check for each measured count above half of the greatest; none where the first half has fewer than four counts.
 */
export function checkSecondHalf(curve: LearningCurve, options: FitCurveOptions = {}): SecondHalfCheck[] {
  const { kind, measurements } = curve;
  const half = Math.max(...measurements.map(({ count }) => count)) / 2;
  const first = measurements.filter(({ count }) => count <= half + 0.5);
  const second = measurements.filter(({ count }) => count > half + 0.5);
  if (first.length < leastCounts) return [];
  const fitted = fitCurve({ ...curve, measurements: first }, options);
  return second.map(({ count, scores }) => {
    const random = new RandomStream(options.seed ?? 0, [purpose, count]);
    const noise = deviationAt(fitted.noise, count) / Math.sqrt(scores.length);
    const interval = intervalOf(
      fitted.replicates.map((law) => powerLawAt(law, count) + noise * normal(random)),
    );
    const measured = mean(scores);
    return {
      kind,
      from: Math.max(...first.map((one) => one.count)),
      count,
      predicted: powerLawAt(fitted.law, count),
      interval,
      measured,
      covered: measured >= interval.lower && measured <= interval.upper,
    };
  });
}

/** Draws from the standard normal distribution (Box and Muller). */
function normal(random: RandomStream): number {
  const distance = Math.sqrt(-2 * Math.log(1 - random.uniform()));
  return distance * Math.cos(2 * Math.PI * random.uniform());
}
