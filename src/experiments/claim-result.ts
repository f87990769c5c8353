/** Measures the claims of a table: their differences over paired seeds, and the verdicts that follow. */

import {
  type Claim,
  type ClaimVerdict,
  type ComparisonClaim,
  judgeComparison,
  judgeDivergence,
} from './claim.js';
import { type KnownJob, type PairedDifference, pairedDifference, scoresBySeed } from './paired-difference.js';
import { paperFigures } from './paper-figures.js';
import { type ExperimentPlan, runOfRow } from './plan.js';

/** Holds a claim beside its measurement. */
export interface ClaimResult {
  readonly statement: string;
  readonly expected: Claim['expected'];
  /** Gives the name of the run at this scale; null when it cannot run. */
  readonly runName: string | null;
  /** Gives the name of the run that it is compared with; null for a claim that training diverges. */
  readonly againstName: string | null;
  /** Gives the paper's difference of mIoU in points; null for a claim that training diverges. */
  readonly paperDifference: number | null;
  /** Holds the measured difference of mIoU in points; null for a claim that training diverges. */
  readonly difference: PairedDifference | null;
  /** Counts the seeds behind the verdict. */
  readonly seeds: number;
  /** Counts those of the claim's run that diverged. */
  readonly diverged: number;
  readonly verdict: ClaimVerdict;
}

interface PlanWithJobs {
  readonly plan: ExperimentPlan;
  readonly jobs: readonly KnownJob[];
}

/** Returns the result of a claim so far. */
export function claimResult(claim: Claim, known: PlanWithJobs): ClaimResult {
  const { statement, expected } = claim;
  const [runName, own] = scoresOf(claim.run, known);
  const diverged = [...own.values()].filter(Number.isNaN).length;
  const shared = { statement, expected, runName, diverged };
  if (claim.expected === 'diverged') {
    return {
      ...shared,
      againstName: null,
      paperDifference: null,
      difference: null,
      seeds: own.size,
      verdict: judgeDivergence({ diverged, ended: own.size }),
    };
  }
  const [againstName, base] = scoresOf(claim.against, known);
  const difference = pairedDifference(own, base);
  return {
    ...shared,
    againstName,
    paperDifference: paperDifferenceOf(claim),
    difference,
    seeds: difference.count,
    verdict: judgeComparison(claim.expected, difference.interval),
  };
}

function scoresOf(
  run: Claim['run'],
  { plan, jobs }: PlanWithJobs,
): readonly [string | null, ReadonlyMap<number, number>] {
  const found = runOfRow(run, plan.scale);
  if ('missing' in found) return [null, new Map()];
  return [
    found.runName,
    scoresBySeed(
      jobs.filter(({ job }) => job.runName === found.runName),
      'mIoU',
    ),
  ];
}

function paperDifferenceOf({ run, against }: ComparisonClaim): number | null {
  const [own, base] = [paperFigures(run)?.mIoU, paperFigures(against)?.mIoU];
  return typeof own === 'number' && typeof base === 'number' ? own - base : null;
}
