/** Computes the results of a table's rows: means over seeds, and differences to the base row, seed by seed. */

import type { ExperimentTable, Metric, TableRow } from './experiment-table.js';
import type { Job } from './job.js';
import type { JobStatus } from './job-status.js';
import { type Figures, paperFigures } from './paper-figures.js';
import { type ExperimentPlan, runOfRow } from './plan.js';

/** Holds mean and spread of a score over seeds. */
export interface Summary {
  /** Is NaN when any value is NaN, and null without values. */
  readonly mean: number | null;
  /** Gives the sample standard deviation, with divisor n − 1; null for fewer than two values. */
  readonly deviation: number | null;
  readonly count: number;
}

/** Holds the results of a row, in per cent and percentage points. */
export interface RowResult {
  readonly cells: readonly string[];
  /** Gives the run's name at this scale; null for a row that cannot run. */
  readonly runName: string | null;
  /** Summarizes the seeds that ended. A diverged seed counts as NaN; one that failed otherwise is left out. */
  readonly scores: Readonly<Record<Metric, Summary>>;
  /** Summarizes the differences of mIoU over the seeds that this row and its base share; null for a base row. */
  readonly difference: Summary | null;
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
  readonly remarks: readonly string[];
}

/** Holds a job with the status in its folder. */
export interface KnownJob {
  readonly job: Job;
  readonly status: JobStatus;
}

/** Returns the results of one table of a plan so far. */
export function tableResult(
  table: ExperimentTable,
  { plan, jobs }: { readonly plan: ExperimentPlan; readonly jobs: readonly KnownJob[] },
): TableResult {
  const { name, title, columns, metrics, remarks } = table;
  const rows = table.rows.map((row) => rowResult(row, { plan, jobs }));
  const mode = plan.scale.mode === 'quick' ? ', quick mode' : '';
  return { name, title: `${title}${mode}`, columns, metrics, rows, remarks };
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
      aAcc: summarize([...bySeed(own, 'aAcc').values()]),
      mAcc: summarize([...bySeed(own, 'mAcc').values()]),
      mIoU: summarize([...bySeed(own, 'mIoU').values()]),
    },
    difference: base === null ? null : pairedDifference(bySeed(own, 'mIoU'), bySeed(baseJobs, 'mIoU')),
    paper,
    paperDifference: difference(paper?.mIoU, basePaper?.mIoU),
    remarks: 'missing' in found ? [`${found.rows} are not run: ${found.missing}`] : failures(own),
  };
}

/** Returns a score in per cent by seed, for the seeds that have it; NaN for a diverged one. */
function bySeed(jobs: readonly KnownJob[], metric: Metric): ReadonlyMap<number, number> {
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

/** Compares equal seeds, which start from equal weights and see equal batches, so that their difference varies less. */
function pairedDifference(own: ReadonlyMap<number, number>, base: ReadonlyMap<number, number>): Summary {
  const shared = [...own].filter(([seed]) => base.has(seed));
  return summarize(shared.map(([seed, value]) => value - (base.get(seed) as number)));
}

function difference(own: number | null | undefined, base: number | null | undefined): number | null {
  return typeof own === 'number' && typeof base === 'number' ? own - base : null;
}

function failures(jobs: readonly KnownJob[]): string[] {
  return jobs.flatMap(({ job, status }) =>
    status.state === 'failed' ? [`${job.name} ended early: ${status.message.split('\n')[0]}`] : [],
  );
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
