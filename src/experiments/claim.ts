/** Defines what a claim of the paper is, and judges it by the interval of the measured difference. */

import type { PaperRun } from '../recipes/internal.js';
import type { Interval } from './interval.js';

/** Claims how a run's mIoU lies to that of another: above it, below it, or no further apart than `equalWithin`. */
export interface ComparisonClaim {
  readonly expected: 'higher' | 'lower' | 'equal';
  /** States the claim in a sentence. */
  readonly statement: string;
  readonly run: PaperRun;
  readonly against: PaperRun;
}

/** Claims that training does not converge. */
export interface DivergenceClaim {
  readonly expected: 'diverged';
  readonly statement: string;
  readonly run: PaperRun;
}

/** Is a claim of the paper about rows of a table. */
export type Claim = ComparisonClaim | DivergenceClaim;

/** Says what measurements tell about a claim. */
export type ClaimVerdict = 'holds' | 'does not hold' | 'open';

/** Gives the distance, in points of mIoU, within which two runs count as equally good. */
export const equalWithin = 0.5;

/**
 * Judges a claim about a difference by the confidence interval of that difference, in points. A claim of more or less holds
 * when the whole interval has the claimed sign, does not hold when the whole interval has the other sign, and is open when
 * the interval contains 0. A claim of equality holds when the whole interval lies within `equalWithin` of 0, does not hold
 * when the whole interval lies beyond it on one side, and is open otherwise. Without an interval every claim is open.
 */
export function judgeComparison(
  expected: ComparisonClaim['expected'],
  interval: Interval | null,
): ClaimVerdict {
  if (interval === null) return 'open';
  const { lower, upper } = interval;
  switch (expected) {
    case 'higher':
      return bySign(lower > 0, upper < 0);
    case 'lower':
      return bySign(upper < 0, lower > 0);
    case 'equal':
      return bySign(
        lower >= -equalWithin && upper <= equalWithin,
        lower > equalWithin || upper < -equalWithin,
      );
    default:
      return expected satisfies never;
  }
}

/** Judges the claim that training diverges: it holds when every seed did, and does not hold when none did. */
export function judgeDivergence({
  diverged,
  ended,
}: {
  readonly diverged: number;
  readonly ended: number;
}): ClaimVerdict {
  return ended === 0 ? 'open' : bySign(diverged === ended, diverged === 0);
}

function bySign(holds: boolean, fails: boolean): ClaimVerdict {
  if (holds) return 'holds';
  return fails ? 'does not hold' : 'open';
}
