/**
 * Plans the runs of an experiment: all rows with seed 0 first, then with seed 1, so that an interrupted experiment has
 * whole tables. Rows that share a run share a job.
 */

import { ConfigError } from '../errors/index.js';
import type { PaperRun } from '../recipes/internal.js';
import type { ExperimentTable, TableRow } from './experiment-table.js';
import { findJobs } from './found-jobs.js';
import { type Job, type JobSettings, jobOf } from './job.js';
import type { MissingRun, Scale } from './scale.js';

/** Configures the plan of an experiment. */
export interface PlanOptions extends JobSettings {
  readonly seeds: number;
  /** Selects runs by regular expressions, one of which must match the whole name of a run in this scale. */
  readonly rows?: readonly string[];
}

/** Holds the plan of an experiment: the runs to train, and those that make its tables. */
export interface ExperimentPlan {
  readonly tables: readonly ExperimentTable[];
  readonly scale: Scale;
  readonly seeds: number;
  readonly output: string;
  /** Lists the jobs to run in this order. */
  readonly queue: readonly Job[];
  /** Lists the jobs behind the tables: the queue, and every other run of these tables that the folder holds. */
  readonly jobs: readonly Job[];
  /** Names run folders beside the queue that hold another config and so count in no table. */
  readonly leftOut: readonly string[];
}

/**
 * Plans the runs of these tables. Looks into the experiment's folder for earlier runs; reads no dataset.
 *
 * @throws {ConfigError} when a config of the queue cannot run as written, or `rows` match nothing
 */
export function planExperiment(tables: readonly ExperimentTable[], options: PlanOptions): ExperimentPlan {
  const { scale, seeds, output, rows } = options;
  const known = knownRuns(tables, scale);
  const chosen = rows === undefined ? known : chosenRuns(known, rows);
  const queue = Array.from({ length: seeds }, (_, seed) => seed).flatMap((seed) =>
    [...chosen].map(([runName, run]) => jobOf(run, { runName, seed, settings: options })),
  );
  const { jobs, leftOut } = findJobs(known, { settings: options, besides: queue });
  return { tables, scale, seeds, output, queue, jobs: [...queue, ...jobs], leftOut };
}

/** Returns the runs of all rows by name, each once, in the order of the tables. */
function knownRuns(tables: readonly ExperimentTable[], scale: Scale): ReadonlyMap<string, PaperRun> {
  const known = new Map<string, PaperRun>();
  const missing = new Set<string>();
  for (const { run } of tables.flatMap((table) => table.rows)) {
    const scaled = scale.scaled(run);
    if ('missing' in scaled) missing.add(scaled.missing);
    else if (!known.has(scaled.name)) known.set(scaled.name, run);
  }
  if (known.size === 0) throw new ConfigError(`experiment: no row can run: ${[...missing].join('; ')}`);
  return known;
}

function chosenRuns(
  known: ReadonlyMap<string, PaperRun>,
  rows: readonly string[],
): ReadonlyMap<string, PaperRun> {
  const patterns = rows.map(rowPattern);
  const chosen = [...known].filter(([name]) => patterns.some((pattern) => pattern.test(name)));
  if (chosen.length > 0) return new Map(chosen);
  throw new ConfigError(
    `experiment: --rows ${rows.join(',')} matches none of ${[...known.keys()].join(', ')}`,
  );
}

function rowPattern(text: string): RegExp {
  try {
    return new RegExp(`^(?:${text})$`);
  } catch (cause) {
    throw new ConfigError(`experiment: --rows ${text}: not a regular expression`, { cause });
  }
}

/** Returns the name of a row's run at this scale, or why there is none. */
export function runOfRow(run: TableRow['run'], scale: Scale): { readonly runName: string } | MissingRun {
  const scaled = scale.scaled(run);
  return 'missing' in scaled ? scaled : { runName: scaled.name };
}
