/** Computes the results of a table's rows: means over seeds, and differences to the base row, seed by seed. */

import { type ClaimResult, claimResult } from './claim-result.js';
import type { ExperimentTable, Metric, TableRow } from './experiment-table.js';
import {
  type KnownJob,
  type PairedDifference,
  pairedDifference,
  type Summary,
  scoresBySeed,
  summarize,
} from './paired-difference.js';
import { type Figures, paperFigures } from './paper-figures.js';
import { type ExperimentPlan, runOfRow } from './plan.js';

/** Holds the results of a row, in per cent and percentage points. */
export interface RowResult {
  readonly cells: readonly string[];
  /** Gives the run's name at this scale; null for a row that cannot run. */
  readonly runName: string | null;
  /** Summarizes the seeds that ended. A diverged seed counts as NaN; one that failed otherwise is left out. */
  readonly scores: Readonly<Record<Metric, Summary>>;
  /** Summarizes the differences of mIoU over the seeds that this row and its base share; null for a base row. */
  readonly difference: PairedDifference | null;
  /** Holds the paper's scores; null when it has none. */
  readonly paper: Figures | null;
  /** Is computed from the paper's scores. */
  readonly paperDifference: number | null;
  /** Says why there are no results, or how seeds failed. */
  readonly remarks: readonly string[];
}

/** Holds the results of a table. */
export interface TableResult {
  readonly name: string;
  readonly title: string;
  readonly columns: readonly string[];
  readonly metrics: readonly Metric[];
  readonly rows: readonly RowResult[];
  readonly claims: readonly ClaimResult[];
  readonly remarks: readonly string[];
}

/** Returns the results of one table of a plan so far. */
export function tableResult(
  table: ExperimentTable,
  { plan, jobs }: { readonly plan: ExperimentPlan; readonly jobs: readonly KnownJob[] },
): TableResult {
  const { name, title, columns, metrics, remarks } = table;
  const claims = table.claims.map((claim) => claimResult(claim, { plan, jobs }));
  const rows = table.rows.map((row) => rowResult(row, { plan, jobs }));
  const mode = plan.scale.mode === 'quick' ? ', quick mode' : '';
  return { name, title: `${title}${mode}`, columns, metrics, rows, claims, remarks };
}

interface PlanWithJobs {
  readonly plan: ExperimentPlan;
  readonly jobs: readonly KnownJob[];
}

function rowResult({ cells, run, base }: TableRow, { plan, jobs }: PlanWithJobs): RowResult {
  const found = runOfRow(run, plan.scale);
  const paper = paperFigures(run);
  const basePaper = base === null ? null : paperFigures(base);
  const own = 'missing' in found ? [] : jobs.filter(({ job }) => job.runName === found.runName);
  const baseFound = base === null ? null : runOfRow(base, plan.scale);
  const baseName = baseFound !== null && 'runName' in baseFound ? baseFound.runName : null;
  const baseJobs = jobs.filter(({ job }) => job.runName === baseName);
  return {
    cells,
    runName: 'missing' in found ? null : found.runName,
    scores: {
      aAcc: summarize([...scoresBySeed(own, 'aAcc').values()]),
      mAcc: summarize([...scoresBySeed(own, 'mAcc').values()]),
      mIoU: summarize([...scoresBySeed(own, 'mIoU').values()]),
    },
    difference:
      base === null ? null : pairedDifference(scoresBySeed(own, 'mIoU'), scoresBySeed(baseJobs, 'mIoU')),
    paper,
    paperDifference: difference(paper?.mIoU, basePaper?.mIoU),
    remarks: 'missing' in found ? [`${found.rows} are not run: ${found.missing}`] : failures(own),
  };
}

function difference(own: number | null | undefined, base: number | null | undefined): number | null {
  return typeof own === 'number' && typeof base === 'number' ? own - base : null;
}

function failures(jobs: readonly KnownJob[]): string[] {
  return jobs.flatMap(({ job, status }) =>
    status.state === 'failed' ? [`${job.name} ended early: ${status.message.split('\n')[0]}`] : [],
  );
}
