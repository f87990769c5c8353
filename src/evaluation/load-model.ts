/** Loads a trained network: built from a config, with the weights of a file. */

import { existsSync } from 'node:fs';
import type { Config } from '../config/index.js';
import { extraHeadsOf, withoutInitialWeights } from '../config/internal.js';
import type { DatasetClass } from '../data/index.js';
import { listNames } from '../data/internal.js';
import { CheckpointError } from '../errors/index.js';
import { createSegmentor, type Segmentor } from '../models/index.js';
import {
  checkFoundTensors,
  expectedNames,
  matchTensors,
  prefixNotice,
  readWeights,
} from '../models/internal.js';
import { classesOfWeights } from '../runs/internal.js';
import { type Device, Generator, isAvailable, scope, type Tensor } from '../torch/index.js';

/** Configures `loadModel`. */
export interface LoadModelOptions {
  /** Names a checkpoint of a run, or a file of plain weights: .safetensors or .pth. */
  readonly weights: string;
  readonly classCount: number;
  /** Defaults to the device of the config, or the CPU where that does not exist. */
  readonly device?: Device;
  /** Receives a line about the wrappers or the prefix that were removed from the names. */
  readonly onNotice?: (notice: string) => void;
}

/**
 * Returns the network in evaluation mode; the caller disposes it.
 * @throws {CheckpointError} naming the file when it is missing, unreadable, of another network or of another number of
 *   classes
 */
export function loadModel(
  config: Config,
  { weights, classCount, device, onNotice }: LoadModelOptions,
): Segmentor {
  if (!existsSync(weights)) {
    throw new CheckpointError(`${weights}: no such file; expected .safetensors or .pth weights`);
  }
  using generator = new Generator(config.seed);
  const model = createSegmentor(withoutInitialWeights(config).model, {
    classCount,
    imageChannels: config.data.channels,
    extraHeads: extraHeadsOf(config),
    generator,
  });
  try {
    using _read = scope();
    loadOwnWeights(model, weights, { classCount, onNotice });
    model.to({ device: device ?? inferenceDevice(config), memoryFormat: 'channels-last' });
  } catch (error) {
    model.dispose();
    if (!(error instanceof CheckpointError) || error.message.startsWith(weights)) throw error;
    throw new CheckpointError(`${weights}: ${error.message}`, { cause: error });
  }
  return model.eval();
}

/**
 * Copies the tensors of a file that have the network's own names, under whatever prefix: `model.` in a checkpoint of a run.
 * @throws {CheckpointError} when the tensors are not exactly the network's, or a value is not finite
 */
function loadOwnWeights(
  model: Segmentor,
  path: string,
  { classCount, onNotice }: Pick<LoadModelOptions, 'classCount' | 'onNotice'>,
): void {
  const own = model.stateDict();
  const shapes = new Map([...own].map(([name, { shape }]) => [name, shape]));
  const file = readWeights(path, { scoreOf: expectedNames(shapes) });
  expectClassCount(model, file.tensors, { label: path, classes: classesOfWeights(path), classCount });
  const match = matchTensors(own, file.tensors, { publishedNames: (name) => [name] });
  checkFoundTensors(match, { path, prefix: file.prefix });
  model.loadStateDict(file.tensors);
  const notice = file.prefix === 'model.' ? null : prefixNotice(path, file);
  if (notice !== null) onNotice?.(notice);
}

/**
 * Checks that weights predict as many classes as a network, before their shapes are compared.
 * @throws {CheckpointError} with the names of the classes, where they are known
 */
function expectClassCount(
  model: Segmentor,
  state: ReadonlyMap<string, Tensor>,
  {
    label,
    classes,
    classCount,
  }: {
    readonly label: string;
    readonly classes: readonly Pick<DatasetClass, 'name'>[] | null;
    readonly classCount: number;
  },
): void {
  const found = model.classTensorNames().flatMap((name) => state.get(name)?.shape[0] ?? [])[0];
  if (found === undefined || found === classCount) return;
  const names =
    classes === null ? 'which the file does not name' : listNames(classes.map(({ name }) => name));
  throw new CheckpointError(`${label}: predicts ${found} classes (${names}), expected ${classCount}`);
}

/** Returns the config's device where it exists, else the CPU, so that a network trained on a GPU can be used anywhere. */
export function inferenceDevice({ device }: Config): Device {
  return isAvailable(device) ? device : 'cpu';
}
