/** Finds the folder of a new run, and reads how far the run in a folder has come. */

import { existsSync } from 'node:fs';
import path from 'node:path';
import { type Config, configSchema, resolveConfig } from '../../config/index.js';
import { CheckpointError } from '../../errors/index.js';
import { type Run, readRun } from '../../runs/index.js';
import { checkNewRunFolder } from '../../runs/internal.js';
import { shellWord } from '../output/shell-word.js';

/**
 * Returns the folder of a new run: `output/name`, or `output/name-2`, `-3`, … while those exist.
 *
 * @param exact makes a folder that exists an error instead, because the user chose this name
 * @throws {ConfigError} when the folder exists or cannot be created
 */
export function newRunFolder({ output, name }: Config, { exact }: { readonly exact: boolean }): string {
  let folder = path.join(output, name);
  for (let number = 2; !exact && existsSync(folder); number++) {
    folder = path.join(output, `${name}-${number}`);
  }
  checkNewRunFolder(folder);
  return folder;
}

/** Holds a run that was started before, with its config. */
export interface StartedRun {
  readonly run: Run;
  readonly config: Config;
  /** Is true when the last checkpoint is of the last iteration. */
  readonly finished: boolean;
}

/**
 * Reads a run's folder.
 *
 * @throws {CheckpointError} when the folder is not a run's
 * @throws {ConfigError} when the run's config is not valid
 */
export function readStartedRun(folder: string): StartedRun {
  const run = readRun(folder);
  const config = resolveConfig(path.join(folder, 'config.yaml'), { schema: configSchema });
  return { run, config, finished: run.lastCheckpoint?.step === config.training.iterations };
}

/**
 * Returns the path of a run's last checkpoint, with its config.
 *
 * @throws {CheckpointError} when there is no checkpoint yet
 */
export function trainedWeights({ run, config }: StartedRun): {
  readonly config: Config;
  readonly weights: string;
} {
  if (run.lastCheckpoint === null) {
    throw new CheckpointError(`${run.folder}: has no checkpoint yet; train it first`);
  }
  return { config, weights: run.lastCheckpoint.file };
}

/** Returns the command that continues a run, with the number of processes it had, ready to be pasted into a shell. */
export function resumeCommand(
  folder: string,
  { processes = 1 }: { readonly processes?: number | undefined } = {},
): string {
  return `coarsely train --resume ${shellWord(folder)}${processes > 1 ? ` --processes ${processes}` : ''}`;
}
