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
    training: { iterations: 800, batchSize: 8, evaluateEvery: 200, checkpointEvery: 100 },
  };
}

/**
 * Returns the baseline with ARM at the paper's rate: 800 iterations at 0.02 give a smooth falling W, where a scale of 50
 * overshoots into a step (docs/results/camvid-coarse.md). Shorter runs need a larger scale; the report draws the curve.
 */
export function folderArm(options: RecipeOptions = {}): RecipeConfig {
  return withArm(named(folderCrossEntropy(options), 'folder-arm'), { learningRateScale: 1 });
}

/** Returns the baseline with Linear ARM, which suppresses confident pixels. */
export function folderLinearArm(options: RecipeOptions = {}): RecipeConfig {
  return withLinearArm(named(folderCrossEntropy(options), 'folder-linear-arm'));
}
