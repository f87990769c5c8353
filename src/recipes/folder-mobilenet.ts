/**
 * Defines recipes for full training of a small network on a user's dataset folder, laid out as for the `folder-*` recipes:
 * DeepLabv3+ on a MobileNetV2 with ImageNet weights. Their settings are chosen by measurement
 * (docs/results/full-training-camvid.md): the backbone learns at a tenth of the head's rate, because it knows its features
 * already, and the rate falls smoothly, because at the size of these runs a constant one leaves too much noise.
 */

import type { RecipeConfig } from '../config/index.js';
import { named, withArm, withLinearArm } from './combinators.js';
import type { RecipeOptions } from './recipe.js';

/** Returns the baseline: the plain mean loss on coarse labels. Without `root`, `--data ROOT` must name the folder. */
export function folderMobileNetCrossEntropy({ root }: RecipeOptions = {}): RecipeConfig {
  return {
    name: 'folder-mobilenet-cross-entropy',
    data: {
      kind: 'folder',
      ...(root === undefined ? {} : { root }),
      train: { split: 'train', labels: 'coarse' },
      evaluation: { split: 'val', labels: 'fine' },
      augmentation: { cropSize: [192, 256], ratioRange: [0.75, 1.5] },
    },
    model: {
      backbone: { kind: 'mobilenet_v2', weights: 'imagenet', outputStride: 16 },
      head: { kind: 'deeplabv3plus', channels: 128 },
      auxiliary: null,
    },
    classWeights: 'sqrt',
    optimizer: { kind: 'adamw', learningRate: 0.003, backboneScale: 0.1 },
    schedule: { kind: 'cosine' },
    training: { iterations: 800, batchSize: 8, evaluateEvery: 200, checkpointEvery: 100 },
  };
}

/** Returns the baseline with ARM. */
export function folderMobileNetArm(options: RecipeOptions = {}): RecipeConfig {
  return withArm(named(folderMobileNetCrossEntropy(options), 'folder-mobilenet-arm'));
}

/** Returns the baseline with Linear ARM, which suppresses confident pixels. */
export function folderMobileNetLinearArm(options: RecipeOptions = {}): RecipeConfig {
  return withLinearArm(named(folderMobileNetCrossEntropy(options), 'folder-mobilenet-linear-arm'));
}
