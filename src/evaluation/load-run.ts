/** A trained network from a run's folder: the config says what it is, the last checkpoint what it learned. */
import { join } from 'node:path';
import { type Config, configSchema, datasetSection, resolveConfig } from '../config/index.js';
import { type DatasetClass, openDataset } from '../data/index.js';
import { CheckpointError } from '../errors/index.js';
import type { Segmentor } from '../models/index.js';
import { readRun } from '../runs/index.js';
import type { RunState } from '../runs/internal.js';
import type { Device } from '../torch/index.js';
import { loadModel } from './load-model.js';

export interface LoadedRun extends Disposable {
  readonly folder: string;
  readonly config: Config;
  readonly classes: readonly DatasetClass[];
  /** In evaluation mode, on the device that was asked for. */
  readonly model: Segmentor;
  /** Steps the checkpoint was trained for. */
  readonly step: number;
  /** Path of the checkpoint's tensors. */
  readonly checkpoint: string;
}

export interface LoadRunOptions {
  /** Default: `inferenceDevice` of the run's config. */
  readonly device?: Device;
}

/**
 * Frees the network at the end of the block that holds the run with `using`.
 *
 * @throws CheckpointError when the folder is no run, has no checkpoint, or the checkpoint doesn't fit the config;
 *   ConfigError and DataError as reading the config and the classes does
 */
export async function loadRun(folder: string, { device }: LoadRunOptions = {}): Promise<LoadedRun> {
  const { lastCheckpoint } = readRun(folder);
  if (lastCheckpoint === null) {
    throw new CheckpointError(`${folder}: has no checkpoint yet; train it until its first one is written`);
  }
  const config = resolveConfig(join(folder, 'config.yaml'), { schema: configSchema });
  const classes = await classesOf(config, lastCheckpoint);
  const { file: checkpoint, step } = lastCheckpoint;

  const model = loadModel(config, { weights: checkpoint, classCount: classes.length, device });
  return { folder, config, classes, model, step, checkpoint, [Symbol.dispose]: () => model.dispose() };
}

/** A run that remembers its classes can label images where its data set is not. */
async function classesOf(config: Config, { state }: RunState): Promise<readonly DatasetClass[]> {
  if (isClassList(state.classes)) return state.classes;
  return (await openDataset(datasetSection(config.data, 'evaluation'))).classes;
}

function isClassList(value: unknown): value is readonly DatasetClass[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((one) => typeof one?.name === 'string' && Array.isArray(one?.color) && one.color.length === 3)
  );
}
