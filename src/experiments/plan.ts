/**
 * What an experiment runs, in which order: all rows of seed 0 first, then of seed 1, so that an interrupted experiment
 * has whole tables. Rows that share a run share a job.
 */

import path from 'node:path';
import { type Config, type ConfigLayer, configSchema, resolveConfig } from '../config/index.js';
import { ConfigError } from '../errors/index.js';
import type { PaperRun } from '../recipes/index.js';
import type { ExperimentTable, TableRow } from './experiment-table.js';
import type { Scale } from './scale.js';

export interface PlanOptions {
  readonly scale: Scale;
  readonly seeds: number;
  /** The experiment's folder; runs are in its `runs`. */
  readonly output: string;
  /** Steps of every run; without it the scale's own. */
  readonly iterations?: number | undefined;
  /** `KEY=VALUE` changes of every config. */
  readonly set?: readonly string[];
  /** Runs by their names in this scale: regular expressions, any of which must match the whole name. */
  readonly rows?: readonly string[];
}

/** One training run: a row's run with one seed. */
export interface Job {
  /** Also the name of its folder: `coarse-arm-seed0`. */
  readonly name: string;
  /** Without the seed: `coarse-arm`. */
  readonly runName: string;
  readonly seed: number;
  readonly folder: string;
  readonly config: Config;
}

export interface ExperimentPlan {
  readonly tables: readonly ExperimentTable[];
  readonly scale: Scale;
  readonly seeds: number;
  readonly output: string;
  /** In the order in which they run. */
  readonly jobs: readonly Job[];
}

/** Throws a ConfigError for a config that cannot run as written or rows that match nothing; reads no dataset. */
export function planExperiment(tables: readonly ExperimentTable[], options: PlanOptions): ExperimentPlan {
  const { scale, seeds, output } = options;
  const runs = chosenRuns(tables, options);
  const jobs = Array.from({ length: seeds }, (_, seed) => seed).flatMap((seed) =>
    [...runs].map(([runName, run]) => jobOf(run, { runName, seed, options })),
  );
  return { tables, scale, seeds, output, jobs };
}

/** The runs of all rows by name, each once, in the order of the tables. */
function chosenRuns(
  tables: readonly ExperimentTable[],
  { scale, rows }: PlanOptions,
): ReadonlyMap<string, PaperRun> {
  const known = new Map<string, PaperRun>();
  const missing = new Set<string>();
  for (const { run } of tables.flatMap((table) => table.rows)) {
    const scaled = scale.scaled(run);
    if ('missing' in scaled) missing.add(scaled.missing);
    else if (!known.has(scaled.name)) known.set(scaled.name, run);
  }
  if (known.size === 0) throw new ConfigError(`experiment: no row can run: ${[...missing].join('; ')}`);
  if (rows === undefined) return known;
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

interface JobOptions {
  readonly runName: string;
  readonly seed: number;
  readonly options: PlanOptions;
}

function jobOf(run: PaperRun, { runName, seed, options }: JobOptions): Job {
  const { scale, output, iterations, set = [] } = options;
  const scaled = scale.scaled(run);
  if ('missing' in scaled) throw new ConfigError(`experiment: ${runName}: ${scaled.missing}`);
  const name = `${runName}-seed${seed}`;
  const runs = path.resolve(output, 'runs');
  const changes: ConfigLayer[] = [{ label: runName, values: { name, seed, output: runs } }];
  if (iterations !== undefined) changes.push({ label: '--iterations', values: { training: { iterations } } });
  const recipes = new Map([[runName, { config: () => scaled.config }]]);
  const config = resolveConfig(runName, { schema: configSchema, recipes, changes, set });
  if (config.name !== name || config.seed !== seed || config.output !== runs) {
    throw new ConfigError('experiment: --set cannot change name, seed or output, which tell the runs apart');
  }
  return { name, runName, seed, folder: path.join(runs, name), config: withAbsolutePaths(config) };
}

/** A run is continued from wherever its queue is started next. */
function withAbsolutePaths(config: Config): Config {
  const { data, model } = config;
  const { weights } = model.backbone;
  const backbone =
    typeof weights === 'string' ? { ...model.backbone, weights: path.resolve(weights) } : model.backbone;
  return { ...config, data: { ...data, root: path.resolve(data.root) }, model: { ...model, backbone } };
}

/** The name of a row's run at this scale, or why there is none. */
export function runOfRow(
  run: TableRow['run'],
  scale: Scale,
): { readonly runName: string } | { readonly missing: string } {
  const scaled = scale.scaled(run);
  return 'missing' in scaled ? scaled : { runName: scaled.name };
}
