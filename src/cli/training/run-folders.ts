/** Reads how far the run in a folder has come. */

import path from 'node:path';
import { type Config, configSchema, resolveConfig } from '../../config/index.js';
import { shellWord } from '../../format/index.js';
import { type Run, readRun } from '../../runs/index.js';
import { isFinished, noCheckpointError } from '../../runs/internal.js';

/** Holds a run that was started before, with its config. */
export interface StartedRun {
  readonly run: Run;
  readonly config: Config;
  /** Is true when the last checkpoint is of the last iteration, or the run ended before it by its own rule. */
  readonly finished: boolean;
}

/**
 * Reads a run's folder.
 *
 * @param iterations replaces the number of steps of the run's config; null keeps it
 * @throws {CheckpointError} when the folder is not a run's
 * @throws {ConfigError} when the run's config is not valid
 */
export function readStartedRun(
  folder: string,
  { iterations = null }: { readonly iterations?: number | null } = {},
): StartedRun {
  const run = readRun(folder);
  const changes =
    iterations === null ? [] : [{ label: '--iterations', values: { training: { iterations } } }];
  const config = resolveConfig(path.join(folder, 'config.yaml'), { schema: configSchema, changes });
  return { run, config, finished: isFinished(run, config.training.iterations) };
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
    throw noCheckpointError(run.folder);
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
