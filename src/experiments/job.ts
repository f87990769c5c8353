/** Describes one training run of an experiment: the run of a row with one seed, its folder and its config. */

import path from 'node:path';
import { type Config, type ConfigLayer, configSchema, resolveConfig } from '../config/index.js';
import { withAbsolutePaths } from '../config/internal.js';
import { ConfigError } from '../errors/index.js';
import type { PaperRun } from '../recipes/internal.js';
import type { Scale } from './scale.js';

export interface Job {
  /** Names the job and its folder: `coarse-arm-seed0`. */
  readonly name: string;
  /** Names the run without the seed: `coarse-arm`. */
  readonly runName: string;
  readonly seed: number;
  readonly folder: string;
  readonly config: Config;
}

/** Holds the settings that all runs of an experiment share. */
export interface JobSettings {
  readonly scale: Scale;
  /** Names the experiment's folder; its runs are in `runs` inside. */
  readonly output: string;
  /** Overrides the training steps of every run; the scale decides them otherwise. */
  readonly iterations?: number | undefined;
  /** Changes keys of every config: `KEY=VALUE`. */
  readonly set?: readonly string[];
  /** Receives one line for every key that `set` gives under a former name. */
  readonly onNotice?: ((notice: string) => void) | undefined;
}

/** Returns the absolute path of the folder with the runs of an experiment. */
export function runsFolder(output: string): string {
  return path.resolve(output, 'runs');
}

interface JobOptions {
  readonly runName: string;
  readonly seed: number;
  readonly settings: JobSettings;
}

/**
 * Returns the job of a run with a seed. Reads no dataset.
 *
 * @throws {ConfigError} when the config cannot run as written
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
    throw new ConfigError('experiment: --set cannot change name, seed or output, which tell the runs apart');
  }
  return { name, runName, seed, folder: path.join(runs, name), config: withAbsolutePaths(config) };
}
