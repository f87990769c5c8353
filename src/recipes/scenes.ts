/**
 * Defines the recipes of the demonstration: generated street-like scenes, coarse labels to train on and exact ones to
 * evaluate on, small enough for two cores and a minute and a half a run. They are too small to rank methods.
 */

import type { RecipeConfig } from '../config/index.js';
import { named, withArm, withLinearArm } from './combinators.js';
import { quickCrossEntropy } from './quick.js';
import type { RecipeOptions } from './recipe.js';

/** Names the default folder of generated scenes, relative to the working directory. */
const scenesRoot = 'data/scenes';

/** Counts the scenes that these recipes are sized for. */
export const sceneCounts = { train: 160, validation: 40 } as const;

/** Returns the baseline: the plain mean loss on coarse labels. */
export function scenesCrossEntropy({ root = scenesRoot }: RecipeOptions = {}): RecipeConfig {
  return {
    name: 'scenes-cross-entropy',
    data: {
      kind: 'folder',
      root,
      train: { split: 'train', labels: 'coarse' },
      evaluation: { split: 'val', labels: 'fine' },
      augmentation: { cropSize: [96, 144], ratioRange: [0.75, 1.5] },
    },
    model: { backbone: { kind: 'resnet18', outputStride: 16 }, head: { kind: 'deeplabv3plus' } },
    training: { iterations: 240, batchSize: 8, evaluateEvery: 80, checkpointEvery: 80 },
  };
}

/** Returns the baseline with ARM, at a scaled rate because the paper's would hardly move it in a few hundred iterations. */
export function scenesArm(options: RecipeOptions = {}): RecipeConfig {
  return withArm(named(scenesCrossEntropy(options), 'scenes-arm'), { learningRateScale: 50 });
}

/**
 * Returns quick training on the scenes: a head on the frozen features of a pretrained network, in seconds. The scenes are
 * read at twice their size, as photographs of such small things are in ImageNet, which is worth five points of mIoU.
 */
export function scenesQuick({ root = scenesRoot }: RecipeOptions = {}): RecipeConfig {
  const recipe = quickCrossEntropy({ root });
  return {
    ...named(recipe, 'scenes-quick'),
    quick: { ...recipe.quick, scales: [2], memoryMiB: 512 },
    inference: { scales: [2] },
  };
}

/** Returns quick training with ARM, at the head's rate as in `quick-arm`. */
export function scenesQuickArm(options: RecipeOptions = {}): RecipeConfig {
  return withArm(named(scenesQuick(options), 'scenes-quick-arm'), { learningRateScale: 1 });
}

/** Returns the baseline with Linear ARM, which suppresses confident pixels. */
export function scenesLinearArm(options: RecipeOptions = {}): RecipeConfig {
  return withLinearArm(named(scenesCrossEntropy(options), 'scenes-linear-arm'));
}
