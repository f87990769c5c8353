/**
 * Defines recipes of quick mode for a user's dataset folder: the features of a frozen ImageNet network, computed once, and a
 * head of one hidden layer that learns from pixels drawn over all images. They take a minute or two on two cores. Their learning
 * rate and class balance are chosen by measurement (docs/results/quick-camvid.md).
 */

import type { RecipeConfig } from '../config/index.js';
import { named, withAgreement, withArm, withLinearArm } from './combinators.js';
import type { RecipeOptions } from './recipe.js';

/** Returns the baseline: the plain mean loss on coarse labels. Without `root`, `--data ROOT` must name the folder. */
export function quickCrossEntropy({ root }: RecipeOptions = {}): RecipeConfig {
  return {
    name: 'quick',
    data: {
      kind: 'folder',
      ...(root === undefined ? {} : { root }),
      train: { split: 'train', labels: 'coarse' },
      evaluation: { split: 'val', labels: 'fine' },
    },
    model: {
      backbone: { kind: 'mobilenet_v2', outputStride: 16, weights: 'imagenet', frozen: true },
      head: { kind: 'hypercolumn' },
      auxiliary: null,
    },
    quick: { classBalance: 'sqrt' },
    optimizer: { kind: 'adamw', learningRate: 0.01, weightDecay: 0.01 },
    schedule: { kind: 'cosine' },
    training: { iterations: 500, evaluateEvery: 500, checkpointEvery: 500, logEvery: 50 },
  };
}

/**
 * Returns the baseline with ARM, at the head's rate, as each of AdamW's steps has the size of the rate. Fifty times that
 * rate scored the same over five seeds (docs/results/quick-camvid.md).
 */
export function quickArm(options: RecipeOptions = {}): RecipeConfig {
  return withArm(named(quickCrossEntropy(options), 'quick-arm'), { learningRateScale: 1 });
}

/** Returns the baseline with ARM's closed form over confidence and agreement, which trusts labels less where they are denied. */
export function quickAgreement(options: RecipeOptions = {}): RecipeConfig {
  return withAgreement(named(quickCrossEntropy(options), 'quick-agreement'));
}

/** Returns the baseline with Linear ARM, which suppresses confident pixels. */
export function quickLinearArm(options: RecipeOptions = {}): RecipeConfig {
  return withLinearArm(named(quickCrossEntropy(options), 'quick-linear-arm'));
}
