/** Trains a run as its config says: the whole network on crops, or the head alone on stored features. */

import type { Config } from '../config/index.js';
import { type RunTrainingOptions, runTraining } from '../training/index.js';
import { quickSource } from './quick-source.js';

/** Configures `trainRun`. */
export interface TrainRunOptions extends Omit<RunTrainingOptions, 'source'> {}

/**
 * Trains to the config's last iteration, or until `shouldStop` returns true. A config with a `quick` section trains its head
 * on stored features.
 * @throws {ConfigError} when the config cannot run as written, or the folder exists already
 * @throws {DataError} when the dataset cannot be read, or has only one class
 * @throws {CheckpointError} when the folder cannot be written, or not be resumed
 * @throws {DivergenceError} when the loss becomes NaN or infinite
 * @throws {DistributedError} when another rank is gone
 */
export function trainRun(config: Config, options: TrainRunOptions): Promise<'finished' | 'interrupted'> {
  return runTraining(config, { ...options, source: config.quick === null ? null : quickSource });
}
