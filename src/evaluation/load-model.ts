/** Loads a trained network: built from a config, with the weights of a file. */

import { existsSync } from 'node:fs';
import type { Config } from '../config/index.js';
import { extraHeadsOf } from '../config/internal.js';
import { CheckpointError } from '../errors/index.js';
import { createSegmentor, type Segmentor } from '../models/index.js';
import { checkpointPart } from '../runs/internal.js';
import { type Device, Generator, isAvailable, readStateDict, scope } from '../torch/index.js';

/** Configures `loadModel`. */
export interface LoadModelOptions {
  /** Names a checkpoint of a run, or a file of plain weights: .safetensors or .pth. */
  readonly weights: string;
  readonly classCount: number;
  /** Defaults to the device of the config, or the CPU where that does not exist. */
  readonly device?: Device;
}

/**
 * Returns the network in evaluation mode; the caller disposes it.
 * @throws {CheckpointError} naming the file when it is missing, unreadable or of another network
 */
export function loadModel(config: Config, { weights, classCount, device }: LoadModelOptions): Segmentor {
  if (!existsSync(weights)) {
    throw new CheckpointError(`${weights}: no such file; expected .safetensors or .pth weights`);
  }
  using generator = new Generator(config.seed);
  const model = createSegmentor(withoutPretraining(config), {
    classCount,
    extraHeads: extraHeadsOf(config),
    generator,
  });
  try {
    using _read = scope();
    const { tensors } = readStateDict(weights);
    const own = checkpointPart(tensors, 'model');
    model.loadStateDict(own.size === 0 ? tensors : own);
  } catch (error) {
    model.dispose();
    if (!(error instanceof CheckpointError) || error.message.startsWith(weights)) throw error;
    throw new CheckpointError(`${weights}: ${error.message}`, { cause: error });
  }
  model.to({ device: device ?? inferenceDevice(config), memoryFormat: 'channels-last' });
  return model.eval();
}

/** Returns the config's device where it exists, else the CPU, so that a network trained on a GPU can be used anywhere. */
export function inferenceDevice({ device }: Config): Device {
  return isAvailable(device) ? device : 'cpu';
}

/** Removes the file of pretrained weights, which need not exist anymore because the trained weights replace all values. */
function withoutPretraining({ model }: Config): Config['model'] {
  return 'weights' in model.backbone ? { ...model, backbone: { ...model.backbone, weights: null } } : model;
}
