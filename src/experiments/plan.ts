/**
 * Plans what an experiment runs, and in which order: all rows of seed 0 first, then of seed 1, so that an interrupted
 * experiment has whole tables. Rows that share a run share a job.
 */

import { ConfigError } from '../errors/index.js';
import type { PaperRun } from '../recipes/internal.js';
import type { ExperimentTable, TableRow } from './experiment-table.js';
import { findJobs } from './found-jobs.js';
import { type Job, type JobSettings, jobOf } from './job.js';
import type { Scale } from './scale.js';

/** Configures `planExperiment`. */
export interface PlanOptions extends JobSettings {
  readonly seeds: number;
  /** Chooses runs by their names in this scale: regular expressions, one of which must match the whole name. */
  readonly rows?: readonly string[];
}

/** Holds the jobs of an experiment. */
export interface ExperimentPlan {
  readonly tables: readonly ExperimentTable[];
  readonly scale: Scale;
  readonly seeds: number;
  readonly output: string;
  /** Lists the jobs to run, in order. */
  readonly queue: readonly Job[];
  /** Lists the jobs whose results are in the tables: the queue, and other runs of these tables in the folder. */
  readonly jobs: readonly Job[];
  /** Names run folders beside the queue that hold another config, and are in no table. */
  readonly leftOut: readonly string[];
}

/**
 * Returns the jobs of an experiment, with the earlier runs in its folder. No dataset is read.
 * @throws {ConfigError} when a config of the queue is not valid, or `rows` match no run
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

/** Returns the name of a row's run at this scale, or what the scale lacks to run it. */
export function runOfRow(
  run: TableRow['run'],
  scale: Scale,
): { readonly runName: string } | { readonly missing: string } {
  const scaled = scale.scaled(run);
  return 'missing' in scaled ? scaled : { runName: scaled.name };
}
