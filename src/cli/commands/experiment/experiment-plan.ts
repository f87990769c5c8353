/** Prints the plan of `coarsely experiment --dry-run`: the queue, and how long it may take. */

import type { ExperimentPlan } from '../../../experiments/index.js';
import { type JobStatus, jobStatus } from '../../../experiments/internal.js';
import { formatDuration, formatPercent, formatTable } from '../../../format/index.js';

/**
 * Estimates the seconds of a small run from its first step to its scores; measured on one core of an AMD EPYC with
 * 480×360 images.
 */
const secondsOfSmallRun = 180;

/** Prints every job with its state, what cannot run, and an estimate from the runs that are finished. */
export function printPlan(plan: ExperimentPlan, { parallel }: { readonly parallel: number }): void {
  const known = plan.queue.map((job) => ({ job, status: jobStatus(job) }));
  const rows = known.map(({ job, status }) => [
    job.name,
    statusText(status),
    `${job.config.training.iterations} steps`,
  ]);
  if (rows.length > 0) process.stdout.write(`${formatTable(rows)}\n`);
  for (const line of missingLines(plan)) process.stdout.write(`${line}\n`);
  const left = known.filter(({ status }) => status.state !== 'finished').length;
  const times = known.flatMap(({ status }) => (status.state === 'finished' ? [status.seconds] : []));
  process.stdout.write(`${left} of ${known.length} runs to go, ${parallel} at a time; ${estimate()}\n`);

  function estimate(): string {
    const measured = times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)];
    const seconds = measured ?? (plan.scale.name === 'small' ? secondsOfSmallRun : undefined);
    if (seconds === undefined) return 'how long that takes is known when a run is finished';
    const source = measured === undefined ? 'by a guess of' : 'by a median of';
    return `about ${formatDuration((left * seconds) / parallel)}, ${source} ${formatDuration(seconds)} a run`;
  }
}

/** Returns one line for each reason why rows do not run. */
export function missingLines({ tables, scale }: ExperimentPlan): string[] {
  const lines = tables.flatMap(({ name, rows }) =>
    rows.flatMap(({ run }) => {
      const scaled = scale.scaled(run);
      return 'missing' in scaled ? [`${name}: rows of ${run.data} are not run: ${scaled.missing}`] : [];
    }),
  );
  return [...new Set(lines)];
}

/** Describes the state of a job in a few words. */
export function statusText(status: JobStatus): string {
  switch (status.state) {
    case 'waiting':
      return 'to do';
    case 'running':
      return `running in process ${status.pid}`;
    case 'interrupted':
      return `to resume at step ${status.step}`;
    case 'finished':
      return `done, mIoU ${formatPercent(status.scores.mIoU)}`;
    case 'failed':
      return status.diverged ? 'NaN' : 'failed, to be tried again';
    default:
      return status satisfies never;
  }
}
