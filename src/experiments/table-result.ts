/** Computes the results of a table's rows: means over seeds, and differences to the base row, seed by seed. */

import { type PaperRun, paperRunName } from '../recipes/internal.js';
import { type ClaimResult, claimResult } from './claim-result.js';
import type { ExperimentTable, Metric, TableRow } from './experiment-table.js';
import { type Interval, studentInterval } from './interval.js';
import { labelingHours } from './labeling.js';
import {
  type KnownJob,
  type PairedDifference,
  pairedDifference,
  pairedRatio,
  type Summary,
  scoresBySeed,
  summarize,
} from './paired-difference.js';
import { type Figures, paperFigures } from './paper-figures.js';
import { type ExperimentPlan, runOfRow } from './plan.js';
import { modeTitle } from './scale.js';

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
  /** Holds what its labels cost and how near it comes to fine ones; null in a table without costs of labeling. */
  readonly labeling: RowLabeling | null;
  /** Says why there are no results, or how seeds failed. */
  readonly remarks: readonly string[];
}

/** Holds what the labels of a row cost, and how near it comes to fine labels. */
export interface RowLabeling {
  /** Gives the hours that a person needs; null where the size of the dataset is not known. */
  readonly hours: number | null;
  /** Is Student's t interval of the mean mIoU in per cent; null for fewer than two seeds. */
  readonly scoreInterval: Interval | null;
  /** Holds mIoU over that of the run on fine labels, seed by seed; null for that run itself. */
  readonly ratio: PairedDifference | null;
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
  const rows = table.rows.map((row) => rowResult(row, { plan, jobs, fineLabels: table.fineLabels ?? null }));
  const mode = modeTitle(plan.scale.mode);
  return { name, title: `${title}${mode}`, columns, metrics, rows, claims, remarks };
}

interface PlanWithJobs {
  readonly plan: ExperimentPlan;
  readonly jobs: readonly KnownJob[];
}

function rowResult(
  { cells, run, base }: TableRow,
  { plan, jobs, fineLabels }: PlanWithJobs & { readonly fineLabels: PaperRun | null },
): RowResult {
  const found = runOfRow(run, plan.scale);
  const paper = paperFigures(run);
  const basePaper = base === null ? null : paperFigures(base);
  const own = jobsOf(run, { plan, jobs });
  const baseJobs = base === null ? [] : jobsOf(base, { plan, jobs });
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
    labeling: fineLabels === null ? null : rowLabeling(run, { plan, jobs, fineLabels }),
    remarks: 'missing' in found ? [`${found.rows} are not run: ${found.missing}`] : failures(own),
  };
}

function jobsOf(run: PaperRun, { plan, jobs }: PlanWithJobs): KnownJob[] {
  const found = runOfRow(run, plan.scale);
  return 'missing' in found ? [] : jobs.filter(({ job }) => job.runName === found.runName);
}

function rowLabeling(
  run: PaperRun,
  { plan, jobs, fineLabels }: PlanWithJobs & { readonly fineLabels: PaperRun },
): RowLabeling {
  const scores = scoresBySeed(jobsOf(run, { plan, jobs }), 'mIoU');
  const counts = plan.scale.labels(run);
  const isReference = paperRunName(run) === paperRunName(fineLabels);
  return {
    hours: counts === null ? null : labelingHours(counts),
    scoreInterval: studentInterval([...scores.values()]),
    ratio: isReference ? null : pairedRatio(scores, scoresBySeed(jobsOf(fineLabels, { plan, jobs }), 'mIoU')),
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
