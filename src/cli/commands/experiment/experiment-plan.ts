/** Prints the plan of `coarsely experiment --dry-run`: the queue, and an estimate of its time. */

import type { ExperimentMode, ExperimentPlan, Scale } from '../../../experiments/index.js';
import { type JobStatus, jobStatus } from '../../../experiments/internal.js';
import { formatDuration, formatPercent, formatTable } from '../../../format/index.js';

/**
 * Estimates the seconds of a run of the small scale from its start to its scores, measured on one core of an AMD EPYC with
 * 480×360 images; a quick run's features are stored.
 */
const secondsOfRun: Readonly<Record<ExperimentMode, number>> = { full: 180, quick: 30, pretrained: 560 };

/** Prints every job with its state, the rows that cannot run, and an estimate from the finished runs. */
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
  process.stdout.write(`${left} of ${known.length} runs left, ${parallel} at a time; ${estimate()}\n`);

  function estimate(): string {
    const measured = times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)];
    const seconds = measured ?? assumedSeconds(plan.scale);
    if (seconds === undefined) return 'the first finished run will tell how long they take';
    const source = measured === undefined ? 'assuming' : 'at a median of';
    return `about ${formatDuration((left * seconds) / parallel)}, ${source} ${formatDuration(seconds)} a run`;
  }
}

function assumedSeconds({ name, mode }: Scale): number | undefined {
  if (name !== 'small') return undefined;
  return secondsOfRun[mode];
}

/** Returns one line for every reason why rows do not run. */
export function missingLines({ tables, scale }: ExperimentPlan): string[] {
  const lines = tables.flatMap(({ name, rows }) =>
    rows.flatMap(({ run }) => {
      const scaled = scale.scaled(run);
      return 'missing' in scaled ? [`${name}: ${scaled.rows} are not run: ${scaled.missing}`] : [];
    }),
  );
  return [...new Set(lines)];
}

/** Writes the state of a job in a few words. */
export function statusText(status: JobStatus): string {
  switch (status.state) {
    case 'waiting':
      return 'waiting';
    case 'running':
      return `running in process ${status.pid}`;
    case 'interrupted':
      return `interrupted at step ${status.step}`;
    case 'finished':
      return `done, mIoU ${formatPercent(status.scores.mIoU)}`;
    case 'failed':
      return status.diverged ? 'NaN' : 'failed, will be tried again';
    default:
      return status satisfies never;
  }
}
