/** A trained network, from a run's last checkpoint or from a file of weights, ready to evaluate. */

import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { type Config, configSchema, datasetSection, resolveConfig } from '../config/index.js';
import { type DatasetClass, defaultPalette, openDataset } from '../data/index.js';
import { CheckpointError, DataError } from '../errors/index.js';
import { createSegmentor, type Segmentor } from '../models/index.js';
import { recipes } from '../recipes/index.js';
import type { Run } from '../runs/index.js';
import { Generator, readStateDict, setThreads, type Tensor, tidy } from '../torch/index.js';
import { withPrefix } from '../training/index.js';
import { readStartedRun } from './run-place.js';

/** Weights, and the config that says which network they belong to. */
export interface ModelSource {
  readonly config: Config;
  readonly weights: string;
  /** Null when the weights come from a file outside of a run. */
  readonly run: Run | null;
}

/** The last checkpoint of a run. Throws a CheckpointError when there is none yet. */
export function runModel(folder: string): ModelSource {
  const { run, config } = readStartedRun(folder);
  if (run.lastCheckpoint === null) {
    throw new CheckpointError(`${folder}: has no checkpoint yet; train it first`);
  }
  return { config, weights: run.lastCheckpoint.file, run };
}

/** A file of weights with the config (a file or a recipe) of its network. `data` replaces the config's data root. */
export function fileModel(
  weights: string,
  config: string,
  { data }: { readonly data?: string },
): ModelSource {
  if (!existsSync(weights))
    throw new CheckpointError(`${weights}: no such file; give .safetensors or .pth weights`);
  const changes = data === undefined ? [] : [{ label: '--data', values: { data: { root: data } } }];
  return { config: resolveConfig(config, { schema: configSchema, recipes, changes }), weights, run: null };
}

/** The network on the config's device. Throws a CheckpointError when the weights are of another network. */
export function openModel({ config, weights }: ModelSource, classCount: number): Segmentor {
  setThreads(config.threads === 0 ? availableParallelism() : config.threads);
  using generator = new Generator(config.seed);
  // The trained values replace all others, so the pretrained file it once began from is not needed.
  const backbone =
    'weights' in config.model.backbone ? { ...config.model.backbone, weights: null } : config.model.backbone;
  const model = createSegmentor({ ...config.model, backbone }, { classCount, generator });
  try {
    tidy(() => model.loadStateDict(modelTensors(weights)));
  } catch (error) {
    model.dispose();
    if (!(error instanceof CheckpointError)) throw error;
    throw new CheckpointError(`${weights}: ${error.message}`, { cause: error });
  }
  model.to({ device: config.device });
  return model.eval();
}

/** A checkpoint holds the optimizer beside the model, each name under its owner's; plain weights have neither. */
function modelTensors(weights: string): Map<string, Tensor> {
  const { tensors } = readStateDict(weights);
  const own = withPrefix(tensors, 'model');
  return own.size === 0 ? tensors : own;
}

/** The classes a model was trained for: those of its dataset, or as the run's evaluations name them. */
export async function modelClasses({ config, run }: ModelSource): Promise<readonly DatasetClass[]> {
  try {
    return (await openDataset(datasetSection(config.data, 'evaluation'))).classes;
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    const names = evaluatedNames(run);
    if (names.length === 0) throw error;
    const palette = defaultPalette(names.length);
    return names.map((name, index) => ({ name, color: palette[index] ?? [255, 255, 255] }));
  }
}

function evaluatedNames(run: Run | null): string[] {
  const perClass = run?.metrics.findLast((line) => line.split === 'val')?.values.perClass;
  if (!Array.isArray(perClass)) return [];
  return perClass.map((entry: unknown) => String((entry as { readonly name?: unknown }).name));
}
