/**
 * Defines recipes for a user's dataset folder of about the size of CamVid (a few hundred images of about 480×360):
 * `images/`, `coarse/` to train on and `fine/` to evaluate on, each with `train` and `val` inside. They start from
 * torchvision's ImageNet weights and are sized for a CPU.
 */

import type { RecipeConfig } from '../config/index.js';
import { named, withArm, withLinearArm } from './combinators.js';
import type { RecipeOptions } from './recipe.js';

/** Returns the baseline: the plain mean loss on coarse labels. Without `root`, `--data ROOT` must name the folder. */
export function folderCrossEntropy({ root }: RecipeOptions = {}): RecipeConfig {
  return {
    name: 'folder-cross-entropy',
    data: {
      kind: 'folder',
      ...(root === undefined ? {} : { root }),
      train: { split: 'train', labels: 'coarse' },
      evaluation: { split: 'val', labels: 'fine' },
      augmentation: { cropSize: [240, 320] },
    },
    model: {
      backbone: { kind: 'resnet18', stem: 'torchvision', weights: 'imagenet', outputStride: 16 },
      head: { kind: 'deeplabv3plus' },
    },
    // Chosen by measurement (docs/results/full-training-camvid.md): runs of this length end before SGD has settled.
    classWeights: 'sqrt',
    optimizer: { kind: 'adamw', learningRate: 0.001 },
    schedule: { kind: 'cosine' },
    training: { iterations: 800, batchSize: 8, evaluateEvery: 200, checkpointEvery: 100 },
  };
}

/**
 * Returns the baseline with ARM, whose parameters learn at the network's rate. A larger scale makes W steeper and may
 * overshoot into a step (docs/results/camvid-coarse.md); the report draws the curve.
 */
export function folderArm(options: RecipeOptions = {}): RecipeConfig {
  return withArm(named(folderCrossEntropy(options), 'folder-arm'), { learningRateScale: 1 });
}

/** Returns the baseline with Linear ARM, which suppresses confident pixels. */
export function folderLinearArm(options: RecipeOptions = {}): RecipeConfig {
  return withLinearArm(named(folderCrossEntropy(options), 'folder-linear-arm'));
}
