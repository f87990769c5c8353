/** Chooses the folder of a new run, and reads how far the run in a folder is. */

import { existsSync } from 'node:fs';
import path from 'node:path';
import { type Config, configSchema, resolveConfig } from '../../config/index.js';
import { CheckpointError } from '../../errors/index.js';
import { type Run, readRun } from '../../runs/index.js';
import { checkNewRunFolder } from '../../runs/internal.js';

/**
 * Returns a folder for a new run: `output/name`, or `output/name-2`, `-3`, … while those exist. With `exact` an existing
 * folder is an error instead, because the user chose this name.
 */
export function newRunFolder({ output, name }: Config, { exact }: { readonly exact: boolean }): string {
  let folder = path.join(output, name);
  for (let number = 2; !exact && existsSync(folder); number++)
    folder = path.join(output, `${name}-${number}`);
  checkNewRunFolder(folder);
  return folder;
}

/** Describes a run that was started before. */
export interface StartedRun {
  readonly run: Run;
  readonly config: Config;
  /** Tells whether the last checkpoint is of the last iteration. */
  readonly finished: boolean;
}

/**
 * Reads a run's folder.
 *
 * @throws {CheckpointError} when the folder is not a run's
 * @throws {ConfigError} when its config is not valid
 */
export function readStartedRun(folder: string): StartedRun {
  const run = readRun(folder);
  const config = resolveConfig(path.join(folder, 'config.yaml'), { schema: configSchema });
  return { run, config, finished: run.lastCheckpoint?.step === config.training.iterations };
}

/**
 * Returns the weights of the last checkpoint of a run.
 *
 * @throws {CheckpointError} when there is none yet
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

/** Returns the shell command that resumes a run with as many processes as it had. */
export function resumeCommand(
  folder: string,
  { processes = 1 }: { readonly processes?: number | undefined } = {},
): string {
  const quoted = /^[\w./~+-]+$/.test(folder) ? folder : `'${folder.replaceAll("'", "'\\''")}'`;
  return `coarsely train --resume ${quoted}${processes > 1 ? ` --processes ${processes}` : ''}`;
}
