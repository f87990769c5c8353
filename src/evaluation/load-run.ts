/** Loads a trained network from a run's folder: built from its config, with the weights of its last checkpoint. */

import { join } from 'node:path';
import { type Config, configSchema, datasetSection, resolveConfig } from '../config/index.js';
import { type DatasetClass, openDataset, type PredictedClasses } from '../data/index.js';
import type { Segmentor } from '../models/index.js';
import { readRun } from '../runs/index.js';
import { classesOfState, noCheckpointError, type RunState } from '../runs/internal.js';
import type { Device } from '../torch/index.js';
import { loadModel } from './load-model.js';

/** Holds a trained network and what its run says of it. */
export interface LoadedRun extends Disposable {
  readonly folder: string;
  readonly config: Config;
  readonly classes: readonly DatasetClass[];
  /** Is in evaluation mode, on the requested device. */
  readonly model: Segmentor;
  /** Counts the steps that the checkpoint was trained for. */
  readonly step: number;
  /** Gives the path of the checkpoint's tensors. */
  readonly checkpoint: string;
}

/** Configures `loadRun`. */
export interface LoadRunOptions {
  /** Defaults to the device of the run's config, or the CPU where that does not exist. */
  readonly device?: Device;
}

/**
 * Loads a run's network. `using run = await loadRun(folder)` frees it at the end of the block.
 * @throws {CheckpointError} when the folder is not a run, has no checkpoint, or the checkpoint does not fit the config
 * @throws {ConfigError} when the config is not valid
 * @throws {DataError} when the checkpoint does not hold its classes and the dataset cannot be read
 */
export async function loadRun(folder: string, { device }: LoadRunOptions = {}): Promise<LoadedRun> {
  const { lastCheckpoint } = readRun(folder);
  if (lastCheckpoint === null) {
    throw noCheckpointError(folder);
  }
  const config = resolveConfig(join(folder, 'config.yaml'), { schema: configSchema });
  const classes = await classesOf(config, lastCheckpoint);
  const { file: checkpoint, step } = lastCheckpoint;

  const model = loadModel(config, { weights: checkpoint, classCount: classes.length, device });
  return { folder, config, classes, model, step, checkpoint, [Symbol.dispose]: () => model.dispose() };
}

/** Returns the classes that a run's network predicts, with which the labels of a dataset are aligned. */
export function predictedClasses({
  folder,
  classes,
}: Pick<LoadedRun, 'folder' | 'classes'>): PredictedClasses {
  return { label: folder, classCount: classes.length, classes };
}

/** Reads the classes from the checkpoint, so that a run can be used where its dataset is not; old runs need the dataset. */
async function classesOf(config: Config, { state }: RunState): Promise<readonly DatasetClass[]> {
  return classesOfState(state) ?? (await openDataset(datasetSection(config.data, 'evaluation'))).classes;
}
