/** Lists the built-in recipes by name. */

import { coarse, coarseFineTune, coarsePoints } from './coarse.js';
import { folderArm, folderCrossEntropy, folderLinearArm } from './folder.js';
import {
  folderFineTune,
  folderFineTuneAgreement,
  folderFineTuneArm,
  folderFineTuneLinearArm,
} from './folder-finetune.js';
import {
  folderMobileNetArm,
  folderMobileNetCrossEntropy,
  folderMobileNetLinearArm,
} from './folder-mobilenet.js';
import { paperRecipes } from './paper/paper-recipes.js';
import { quickAgreement, quickArm, quickCrossEntropy, quickLinearArm } from './quick.js';
import type { Recipe } from './recipe.js';
import { scenesArm, scenesCrossEntropy, scenesLinearArm, scenesQuick, scenesQuickArm } from './scenes.js';

const builtIn: readonly Recipe[] = [
  {
    name: 'scenes-cross-entropy',
    description: 'Generated scenes, coarse labels, plain cross-entropy: the baseline of the demo',
    config: scenesCrossEntropy,
  },
  {
    name: 'scenes-arm',
    description: 'Generated scenes, coarse labels, adversarial reweighting (ARM)',
    config: scenesArm,
  },
  {
    name: 'scenes-linear-arm',
    description: 'Generated scenes, coarse labels, fixed weights falling with confidence (Linear ARM)',
    config: scenesLinearArm,
  },
  {
    name: 'scenes-quick',
    description: 'Generated scenes, coarse labels, quick training: a head on frozen features',
    config: scenesQuick,
  },
  {
    name: 'scenes-quick-arm',
    description: 'Generated scenes, coarse labels, quick training with ARM',
    config: scenesQuickArm,
  },
  {
    name: 'folder-cross-entropy',
    description: 'Your folder (--data ROOT with images, coarse, fine), plain cross-entropy',
    config: folderCrossEntropy,
  },
  {
    name: 'folder-arm',
    description: 'Your folder (--data ROOT with images, coarse, fine), ARM',
    config: folderArm,
  },
  {
    name: 'folder-linear-arm',
    description: 'Your folder (--data ROOT with images, coarse, fine), Linear ARM',
    config: folderLinearArm,
  },
  {
    name: 'folder-mobilenet-cross-entropy',
    description: 'Your folder (--data ROOT), a small ImageNet network trained whole: plain cross-entropy',
    config: folderMobileNetCrossEntropy,
  },
  {
    name: 'folder-mobilenet-arm',
    description: 'Your folder (--data ROOT), a small ImageNet network trained whole: ARM',
    config: folderMobileNetArm,
  },
  {
    name: 'folder-mobilenet-linear-arm',
    description: 'Your folder (--data ROOT), a small ImageNet network trained whole: Linear ARM',
    config: folderMobileNetLinearArm,
  },
  {
    name: 'quick',
    description:
      'Your folder (--data ROOT), the head of a frozen ImageNet network, in minutes: plain cross-entropy',
    config: quickCrossEntropy,
  },
  {
    name: 'quick-arm',
    description: 'Your folder (--data ROOT), the head of a frozen ImageNet network, in minutes: ARM',
    config: quickArm,
  },
  {
    name: 'quick-linear-arm',
    description: 'Your folder (--data ROOT), the head of a frozen ImageNet network, in minutes: Linear ARM',
    config: quickLinearArm,
  },
  {
    name: 'quick-agreement',
    description:
      'Your folder (--data ROOT), quick training that trusts denied labels less: closed-form ARM, agreement',
    config: quickAgreement,
  },
  {
    name: 'folder-finetune',
    description:
      'Your folder (--data ROOT), a quick run (--init RUN) trained further, whole: plain cross-entropy',
    config: folderFineTune,
  },
  {
    name: 'folder-finetune-arm',
    description: 'Your folder (--data ROOT), a quick run (--init RUN) trained further, whole: ARM',
    config: folderFineTuneArm,
  },
  {
    name: 'folder-finetune-linear-arm',
    description: 'Your folder (--data ROOT), a quick run (--init RUN) trained further, whole: Linear ARM',
    config: folderFineTuneLinearArm,
  },
  {
    name: 'folder-finetune-agreement',
    description: 'Your folder (--data ROOT), a quick run (--init RUN) trained further, whole: agreement',
    config: folderFineTuneAgreement,
  },
  {
    name: 'coarse',
    description:
      'Your folder (--data ROOT), recommended for coarse labels: quick, trimmed, labels filled in rounds',
    config: coarse,
  },
  {
    name: 'coarse-points',
    description:
      'Your folder (--data ROOT), recommended for coarse labels and answered points: quick, trimmed',
    config: coarsePoints,
  },
  {
    name: 'coarse-finetune',
    description:
      'Your folder (--data ROOT), a run of coarse (--init RUN) trained further, whole, on filled labels',
    config: coarseFineTune,
  },
  ...paperRecipes,
];

/** Holds every recipe that `extends:` and the command line can name. A user of the library may add to it. */
export const recipes: Map<string, Recipe> = new Map(builtIn.map((recipe) => [recipe.name, recipe]));
