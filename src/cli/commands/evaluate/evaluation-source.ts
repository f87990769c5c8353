/** Finds the model of `coarsely evaluate`: that of a run, of weights with their config, or of a published checkpoint. */

import { existsSync, statSync } from 'node:fs';
import { type Config, configSchema, datasetSection, resolveConfig } from '../../../config/index.js';
import { parseLayers } from '../../../config/internal.js';
import {
  alignClasses,
  openDataset,
  type PredictedClasses,
  type SegmentationDataset,
} from '../../../data/index.js';
import { CoarselyError, ConfigError } from '../../../errors/index.js';
import { loadModel, loadPublishedModel } from '../../../evaluation/index.js';
import { inferenceDevice } from '../../../evaluation/internal.js';
import type { Segmentor } from '../../../models/index.js';
import { recipes } from '../../../recipes/index.js';
import { classesOfState, classesOfWeights } from '../../../runs/internal.js';
import {
  type PublishedCommandOptions,
  publishedOptions,
  publishedText,
  withPublishedReading,
} from '../../options/published-options.js';
import { printNotice } from '../../output/print-notice.js';
import { readStartedRun, type StartedRun, trainedWeights } from '../../training/run-folders.js';

/** Holds the options that name weights without a run. */
export interface EvaluationSourceOptions {
  readonly weights?: string;
  readonly config?: string;
  readonly data?: string;
  /** Says how a published network is to be read. */
  readonly published?: PublishedCommandOptions;
}

/** Holds a network, and a dataset whose labels have the order of its classes. */
interface ScorableModel {
  /** Is in evaluation mode. The caller disposes it. */
  readonly model: Segmentor;
  readonly dataset: SegmentationDataset;
  /** Is the config, with the images read as a published network was tested. */
  readonly config: Config;
  /** Says which network was read from a published checkpoint, given the config in use; null for others. */
  readonly describe: ((config: Config) => string) | null;
}

/** Holds a config with a function that loads its model. */
export interface EvaluationSource {
  readonly config: Config;
  /**
   * Loads the network for a dataset.
   *
   * @throws {ConfigError} when the config does not describe these weights, or the dataset has other classes
   * @throws {CheckpointError} when the weights are damaged
   */
  readonly load: (config: Config, dataset: SegmentationDataset) => Promise<ScorableModel>;
}

/**
 * Returns the model of a run's folder or, without a folder, of the weights that the options name. Weights without a run
 * are computed in float32, as published scores are, unless their config names another precision.
 *
 * @throws {CheckpointError} when the folder is not a run's or has no checkpoint yet
 * @throws {ConfigError} when the config is not valid
 */
export function evaluationSource(
  runFolder: string | undefined,
  { weights, config: source, data, published: readingOptions = {} }: EvaluationSourceOptions,
): EvaluationSource {
  if (runFolder !== undefined) return sourceOfRun(readStartedRun(runFolder));
  if (weights === undefined) throw new ConfigError('evaluate: expected a run or --weights');
  if (existsSync(weights) && statSync(weights).isDirectory()) {
    throw new ConfigError(
      `${weights}: is a folder; score a run with: coarsely evaluate ${weights}, or name a file of weights`,
    );
  }
  const changes = data === undefined ? [] : [{ label: '--data', values: { data: { root: data } } }];
  const config =
    source === undefined
      ? parseLayers(configSchema, changes)
      : resolveConfig(source, { schema: configSchema, recipes, changes, onNotice: printNotice });
  return {
    config: config.precision === 'auto' ? { ...config, precision: 'float32' } : config,
    load: async (used, dataset) => {
      const published = publishedModel(weights, { config: used, dataset, readingOptions });
      if (published !== null) return published;
      if (source === undefined) needsConfig(weights);
      const classes = classesOfWeights(weights);
      const classCount = classes?.length ?? dataset.classes.length;
      return loadAligned(used, dataset, { file: weights, label: weights, classes, classCount });
    },
  };
}

function sourceOfRun(started: StartedRun): EvaluationSource {
  const { config, weights: file } = trainedWeights(started);
  return {
    config,
    load: async (used, dataset) => {
      const classes = await classesOfRun(started);
      const classCount = classes?.length ?? dataset.classes.length;
      return loadAligned(used, dataset, { file, label: started.run.folder, classes, classCount });
    },
  };
}

/** Returns the classes of a run: an early one did not keep them, and has those of its own dataset, if it is still there. */
async function classesOfRun({ run, config }: StartedRun): Promise<PredictedClasses['classes']> {
  const kept = run.lastCheckpoint && classesOfState(run.lastCheckpoint.state);
  if (kept) return kept;
  try {
    return (await openDataset(datasetSection(config.data, 'evaluation'))).classes;
  } catch (error) {
    if (error instanceof CoarselyError) return null;
    throw error;
  }
}

function loadAligned(
  config: Config,
  dataset: SegmentationDataset,
  { file, ...network }: PredictedClasses & { readonly file: string },
): ScorableModel {
  const aligned = alignClasses(dataset, { network, onNotice: printNotice });
  return {
    model: loadModel(config, { weights: file, classCount: network.classCount, onNotice: printNotice }),
    dataset: aligned,
    config,
    describe: null,
  };
}

/**
 * Loads a published network and prints which one it is, since no config names it. Returns null when the file is not a
 * published network.
 */
function publishedModel(
  path: string,
  {
    config,
    dataset,
    readingOptions,
  }: {
    readonly config: Config;
    readonly dataset: SegmentationDataset;
    readonly readingOptions: PublishedCommandOptions;
  },
): ScorableModel | null {
  const options = publishedOptions(readingOptions);
  const published = loadPublishedModel(path, { device: inferenceDevice(config), ...options });
  if (published === null) return null;
  const { model, classCount, classes } = published;
  try {
    const network = { label: path, classCount, classes };
    const aligned = alignClasses(dataset, { network, onNotice: printNotice });
    if (published.reduceZeroLabel) printNotice(reducedLabels(path));
    return {
      model,
      dataset: aligned,
      config: withPublishedReading(config, published),
      describe: (used) => `${path}: ${publishedText(published, used)}`,
    };
  } catch (error) {
    model.dispose();
    throw error;
  }
}

function reducedLabels(path: string): string {
  return (
    `${path}: was trained with reduce_zero_label, where value 0 of a label file is ignored and value 1 is the first class; ` +
    'a dataset of plain folders with such labels needs data.reduceZeroLabel: true'
  );
}

function needsConfig(path: string): never {
  throw new ConfigError(
    `${path}: is not a whole network of mmsegmentation, so it does not describe itself; name its config with --config`,
  );
}
