/** Describes one training run of an experiment: a row's run with one seed, its folder and its config. */

import path from 'node:path';
import { type Config, type ConfigLayer, configSchema, resolveConfig } from '../config/index.js';
import { withAbsolutePaths } from '../config/internal.js';
import { ConfigError } from '../errors/index.js';
import type { PaperRun } from '../recipes/internal.js';
import type { Scale } from './scale.js';
import type { SimulatedPoints } from './simulated-points.js';

/** Is one training run of an experiment. */
export interface Job {
  /** Is also the name of its folder: `coarse-arm-seed0`. */
  readonly name: string;
  /** Gives the name without the seed: `coarse-arm`. */
  readonly runName: string;
  readonly seed: number;
  readonly folder: string;
  readonly config: Config;
  /** Says which points must be made for it; null for a run without points. */
  readonly simulatedPoints: SimulatedPoints | null;
}

/** Holds what all runs of an experiment share. */
export interface JobSettings {
  readonly scale: Scale;
  /** Gives the experiment's folder; runs are in its `runs`. */
  readonly output: string;
  /** Sets the steps of every run; those of the scale by default. */
  readonly iterations?: number | undefined;
  /** Lists `KEY=VALUE` changes of every config. */
  readonly set?: readonly string[];
  /** Receives one line for every key that `set` gives under a former name. */
  readonly onNotice?: ((notice: string) => void) | undefined;
}

/** Returns the absolute path of the folder of an experiment's runs. */
export function runsFolder(output: string): string {
  return path.resolve(output, 'runs');
}

interface JobOptions {
  readonly runName: string;
  readonly seed: number;
  readonly settings: JobSettings;
}

/**
 * Creates the job of a run with one seed. No dataset is read.
 * @throws {ConfigError} when the scale cannot run it, or the config is not valid
 */
export function jobOf(run: PaperRun, { runName, seed, settings }: JobOptions): Job {
  const { scale, output, iterations, set = [], onNotice } = settings;
  const scaled = scale.scaled(run);
  if ('missing' in scaled) throw new ConfigError(`experiment: ${runName}: ${scaled.missing}`);
  const name = `${runName}-seed${seed}`;
  const runs = runsFolder(output);
  const changes: ConfigLayer[] = [{ label: runName, values: { name, seed, output: runs } }];
  if (iterations !== undefined) changes.push({ label: '--iterations', values: { training: { iterations } } });
  const recipes = new Map([[runName, { config: () => scaled.config }]]);
  const config = resolveConfig(runName, { schema: configSchema, recipes, changes, set, onNotice });
  if (config.name !== name || config.seed !== seed || config.output !== runs) {
    throw new ConfigError(
      'experiment: --set cannot change name, seed or output, because the experiment sets them for each run',
    );
  }
  return {
    name,
    runName,
    seed,
    folder: path.join(runs, name),
    config: withAbsolutePaths(config),
    simulatedPoints: scaled.simulatedPoints ?? null,
  };
}
