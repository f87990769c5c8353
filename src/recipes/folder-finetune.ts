/**
 * Defines recipes that go on from a quick run (`--init RUN`): the whole network learns, its backbone too, at rates that
 * keep what head and backbone know already. The numbers are chosen by measurement (docs/results/full-training-camvid.md).
 * Without `--init` they train the same network from ImageNet weights and a random head.
 */

import type { RecipeConfig } from '../config/index.js';
import { named, withAgreement, withArm, withLinearArm } from './combinators.js';
import type { RecipeOptions } from './recipe.js';

/** Returns the baseline: the plain mean loss on coarse labels. Without `root`, `--data ROOT` must name the folder. */
export function folderFineTune({ root }: RecipeOptions = {}): RecipeConfig {
  return {
    name: 'folder-finetune',
    data: {
      kind: 'folder',
      ...(root === undefined ? {} : { root }),
      train: { split: 'train', labels: 'coarse' },
      evaluation: { split: 'val', labels: 'fine' },
      augmentation: { cropSize: [192, 256], ratioRange: [0.75, 1.5] },
    },
    model: {
      // The statistics stay those of the features that the head has learned on.
      backbone: { kind: 'mobilenet_v2', weights: 'imagenet', outputStride: 16, normEval: true },
      head: { kind: 'hypercolumn' },
      auxiliary: null,
    },
    classWeights: 'sqrt',
    optimizer: { kind: 'adamw', learningRate: 0.0003, backboneScale: 0.5 },
    schedule: { kind: 'cosine' },
    training: { iterations: 800, batchSize: 8, evaluateEvery: 200, checkpointEvery: 100 },
  };
}

/** Returns the baseline with ARM. */
export function folderFineTuneArm(options: RecipeOptions = {}): RecipeConfig {
  return withArm(named(folderFineTune(options), 'folder-finetune-arm'));
}

/** Returns the baseline with ARM's closed form over confidence and agreement, which trusts labels less where they are denied. */
export function folderFineTuneAgreement(options: RecipeOptions = {}): RecipeConfig {
  return withAgreement(named(folderFineTune(options), 'folder-finetune-agreement'));
}

/** Returns the baseline with Linear ARM, which suppresses confident pixels. */
export function folderFineTuneLinearArm(options: RecipeOptions = {}): RecipeConfig {
  return withLinearArm(named(folderFineTune(options), 'folder-finetune-linear-arm'));
}
