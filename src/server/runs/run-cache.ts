/** Keeps what was read of runs, so that a call reads only the lines that were added since the last one. */

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { type ReportRun, reportRunsOf } from '../../report/internal.js';
import { metricRecords, type Run } from '../../runs/index.js';
import { RunFollower } from '../../runs/internal.js';

/** Limits the runs whose lines are kept. */
const mostRuns = 32;

/** Holds what is logged of memory and of waiting for data; all lists have one length. */
export interface RunResources {
  readonly steps: readonly number[];
  readonly peakTensorBytes: readonly number[];
  readonly residentBytes: readonly number[];
  /** Holds shares of the time; null where a version did not record them. */
  readonly dataWaitShare: readonly (number | null)[];
}

interface Kept {
  readonly follower: RunFollower;
  state: string;
  run: Run;
  /** Is what a report shows of the run alone; made when it is asked for. */
  report: ReportRun | null;
}

/** Reads runs, the last ones from memory. */
export class RunCache {
  readonly #kept = new Map<string, Kept>();

  /**
   * Returns a run as its files are now.
   *
   * @throws {CheckpointError} when the folder is not a run's or is damaged
   */
  read(folder: string): Run {
    return this.#refreshed(folder).run;
  }

  /**
   * Returns what a report shows of a run, under a label.
   *
   * @throws {CheckpointError} when the folder is not a run's or is damaged
   */
  report(folder: string, label: string): ReportRun {
    const kept = this.#refreshed(folder);
    kept.report ??= reportRunsOf([kept.run])[0] as ReportRun;
    const { statistics } = kept.report;
    return { ...kept.report, label, statistics: statistics && { ...statistics, label } };
  }

  #refreshed(folder: string): Kept {
    const state = stateOf(folder);
    const before = this.#kept.get(folder);
    this.#kept.delete(folder);
    const follower = before?.follower ?? new RunFollower(folder);
    const kept =
      before !== undefined && before.state === state
        ? before
        : { follower, state, run: follower.read(), report: null };
    this.#kept.set(folder, kept);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > mostRuns && oldest !== undefined) this.#kept.delete(oldest);
    return kept;
  }
}

/** Returns what was logged of memory and waiting. */
export function resourcesOf(run: Run): RunResources {
  const records = metricRecords(run, 'memory');
  return {
    steps: records.map(({ step }) => step),
    peakTensorBytes: records.map(({ values }) => values.peakTensorBytes),
    residentBytes: records.map(({ values }) => values.residentBytes),
    dataWaitShare: records.map(({ values }) => values.dataWaitShare ?? null),
  };
}

/** Returns a text that changes with the files of a run that pages show. */
export function stateOf(folder: string): string {
  return ['config.yaml', 'metrics.jsonl', 'state.json', 'profile.json', 'history.jsonl']
    .map((name) => {
      const found = statSync(join(folder, name), { bigint: true, throwIfNoEntry: false });
      return found === undefined ? '-' : `${found.ino}:${found.size}:${found.mtimeNs}`;
    })
    .join(' ');
}
