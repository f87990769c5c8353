/** Finds the model of `coarsely evaluate`: that of a run, of weights with their config, or of a published checkpoint. */

import { type Config, configSchema, resolveConfig } from '../../../config/index.js';
import { parseLayers } from '../../../config/internal.js';
import type { DatasetClass } from '../../../data/index.js';
import { ConfigError } from '../../../errors/index.js';
import { loadModel, loadPublishedModel } from '../../../evaluation/index.js';
import { compareClasses, inferenceDevice } from '../../../evaluation/internal.js';
import type { Segmentor } from '../../../models/index.js';
import { recipes } from '../../../recipes/index.js';
import { printNotice } from '../../output/print-notice.js';
import { readStartedRun, trainedWeights } from '../../training/run-folders.js';

/** Holds the options that name weights without a run. */
export interface EvaluationSourceOptions {
  readonly weights?: string;
  readonly config?: string;
  readonly data?: string;
}

/** Holds a config with a function that loads its model. */
export interface EvaluationSource {
  readonly config: Config;
  /**
   * Loads the network in evaluation mode.
   *
   * @throws {ConfigError} when the config does not describe these weights
   * @throws {CheckpointError} when the weights are damaged or are for other classes
   */
  readonly load: (config: Config, classes: readonly DatasetClass[]) => Segmentor;
}

/**
 * Returns the model of a run's folder or, without a folder, of the weights that the options name.
 *
 * @throws {CheckpointError} when the folder is not a run's or has no checkpoint yet
 * @throws {ConfigError} when the config is not valid
 */
export function evaluationSource(
  runFolder: string | undefined,
  { weights, config, data }: EvaluationSourceOptions,
): EvaluationSource {
  if (runFolder !== undefined) return sourceOfRun(runFolder);
  if (weights === undefined) throw new ConfigError('evaluate: expected a run or --weights');
  const changes = data === undefined ? [] : [{ label: '--data', values: { data: { root: data } } }];
  if (config === undefined) {
    return {
      config: parseLayers(configSchema, changes),
      load: (used, classes) => publishedModel(weights, { config: used, classes }) ?? needsConfig(weights),
    };
  }
  return {
    config: resolveConfig(config, { schema: configSchema, recipes, changes, onNotice: printNotice }),
    load: (used, classes) =>
      publishedModel(weights, { config: used, classes }) ??
      loadModel(used, { weights, classCount: classes.length, onNotice: printNotice }),
  };
}

function sourceOfRun(runFolder: string): EvaluationSource {
  const { config, weights } = trainedWeights(readStartedRun(runFolder));
  return { config, load: (used, { length: classCount }) => loadModel(used, { weights, classCount }) };
}

/**
 * Loads a published network and prints which one it is, since no config names it. Returns null when the file is not a
 * published network.
 */
function publishedModel(
  path: string,
  { config, classes }: { readonly config: Config; readonly classes: readonly DatasetClass[] },
): Segmentor | null {
  const published = loadPublishedModel(path, { device: inferenceDevice(config), onNotice: printNotice });
  if (published === null) return null;
  const { model, section, classCount } = published;
  try {
    const difference = compareClasses(published, { path, expected: classes });
    const { kind, outputStride } = section.backbone;
    process.stderr.write(
      `${path}: ${section.head.kind} on ${kind}, output stride ${outputStride}, ${classCount} classes\n`,
    );
    if (difference !== null) printNotice(difference);
  } catch (error) {
    model.dispose();
    throw error;
  }
  return model;
}

function needsConfig(path: string): never {
  throw new ConfigError(
    `${path}: is not a whole network of mmsegmentation, so it does not describe itself; name its config with --config`,
  );
}
