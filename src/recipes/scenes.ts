/**
 * Defines the recipes of the demo: generated street scenes with coarse labels to train on and exact ones to evaluate on,
 * small enough for a minute and a half a run on two cores. They show that everything works; they are too small to rank
 * methods.
 */

import type { RecipeConfig } from '../config/index.js';
import { named, withArm, withLinearArm } from './combinators.js';
import type { RecipeOptions } from './recipe.js';

/** Is the folder that `coarsely scenes` writes by default, relative to the working directory. */
export const scenesRoot = 'data/scenes';

/** Counts the scenes that these recipes are made for. */
export const sceneCounts = { train: 160, validation: 40 } as const;

/** Returns a config that trains on the plain mean loss of coarse labels. */
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

/** Returns a config that trains with ARM, at 50 times the paper's rate, which would hardly change it in 240 steps. */
export function scenesArm(options: RecipeOptions = {}): RecipeConfig {
  return withArm(named(scenesCrossEntropy(options), 'scenes-arm'), { learningRateScale: 50 });
}

/** Returns a config that trains with fixed linear weights, which suppress confident pixels. */
export function scenesLinearArm(options: RecipeOptions = {}): RecipeConfig {
  return withLinearArm(named(scenesCrossEntropy(options), 'scenes-linear-arm'));
}
