/** A trained network: what a config says it is, with the weights of a file. */

import { existsSync } from 'node:fs';
import type { Config } from '../config/index.js';
import { extraHeadsOf } from '../config/internal.js';
import { CheckpointError } from '../errors/index.js';
import { createSegmentor, type Segmentor } from '../models/index.js';
import { checkpointPart } from '../runs/internal.js';
import { type Device, Generator, isAvailable, readStateDict, scope } from '../torch/index.js';

export interface LoadModelOptions {
  /** A checkpoint of a run, or plain weights: .safetensors or .pth. */
  readonly weights: string;
  readonly classCount: number;
  /** Default: `inferenceDevice` of the config. */
  readonly device?: Device;
}

/**
 * The network in evaluation mode, the caller's to dispose.
 *
 * @throws CheckpointError naming the file when it is missing, unreadable or of another network
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

/** The config's device where it is there, else the CPU: a network trained on a GPU can be used anywhere. */
export function inferenceDevice({ device }: Config): Device {
  return isAvailable(device) ? device : 'cpu';
}

/** The weights replace all first values, so the file that those once came from need not exist any more. */
function withoutPretraining({ model }: Config): Config['model'] {
  return 'weights' in model.backbone ? { ...model, backbone: { ...model.backbone, weights: null } } : model;
}
