/**
 * Runs the tables in quick mode: every row takes its data and method from another scale, and trains a small head on the
 * frozen features of a pretrained backbone, as the recipe `quick` does. A run takes seconds once the features are stored,
 * which all runs of a backbone share.
 */

import type { RecipeConfig } from '../config/index.js';
import { quickCrossEntropy } from '../recipes/index.js';
import { type BackboneRole, methodSections, type PaperRun, testScales } from '../recipes/internal.js';
import { ohemShare } from './ohem-share.js';
import type { Scale, ScaledRun } from './scale.js';

/** Configures `quickScale`. */
export interface QuickScaleOptions {
  /** Names files of ImageNet weights by the kind of backbone, for machines without a network: `mobilenet_v2`. */
  readonly weights?: Readonly<Record<string, string>>;
  /** Multiplies ARM's learning rate; 1 by default, as each of AdamW's steps has the size of the rate. */
  readonly armLearningRateScale?: number;
}

const backbones: Readonly<Record<BackboneRole, string>> = {
  standard: 'mobilenet_v2',
  smaller: 'mobilenet_v2',
  larger: 'mobilenet_v3_large',
};

/** Gives the pixels of a step where the recipe does not state them. */
const defaultPixels = 8192;

/** Returns quick mode on the data of `base`. */
export function quickScale(
  base: Scale,
  { weights = {}, armLearningRateScale = 1 }: QuickScaleOptions = {},
): Scale {
  return {
    ...base,
    mode: 'quick',
    notes: [
      "Quick mode: in place of the paper's networks, all of whose weights are trained on crops, a frozen backbone with " +
        'ImageNet weights sees every image once, and a head of one hidden layer is trained on pixels of all images. ' +
        'mobilenet_v2 stands for ResNet-101 and ResNeSt-101 (in Table 3 mobilenet_v2 and mobilenet_v3_large for ' +
        'ResNet-50 and 101), this head for DeepLabv3+.',
      'The network below the head cannot learn, so that these rows say how a method weighs pixels, not what it does to features.',
    ],
    scaled(run) {
      if (run.head === 'ocr') return withoutHead;
      const scaled = base.scaled({ ...run, backbone: 'standard' });
      if ('missing' in scaled) return scaled;
      const kind = backbones[run.backbone];
      const config = quickConfig(run, scaled.config);
      const name = [
        'quick',
        scaled.name,
        ...(kind === backbones.standard ? [] : [kind.replaceAll('_', '-')]),
      ].join('-');
      return { ...scaled, name, config: { ...config, name, model: modelWith(kind, config.model) } };
    },
  };

  function quickConfig(run: PaperRun, { data }: RecipeConfig): RecipeConfig {
    const recipe = quickCrossEntropy();
    const { augmentation: _crops, workers: _workers, ...parts } = data;
    const pixels = recipe.quick?.pixels ?? defaultPixels;
    const ohemMinKept = Math.round(ohemShare * pixels);
    return {
      ...recipe,
      data: parts,
      ...methodSections(run.method, { armLearningRateScale, ohemMinKept }),
      // The interval is longer than any run, so that a run is evaluated at its end only.
      training: { ...recipe.training, evaluateEvery: 1_000_000_000, keepCheckpoints: 1 },
      ...(run.protocol === 'multi-scale' ? { inference: { scales: [...testScales], flip: true } } : {}),
    };
  }

  function modelWith(kind: string, model: RecipeConfig['model']): RecipeConfig['model'] {
    const { backbone } = model ?? {};
    const sameKind = backbone?.kind === kind;
    const file = weights[kind];
    return {
      ...model,
      backbone: {
        ...(sameKind ? backbone : { frozen: true, weights: backbone?.weights }),
        kind,
        ...(file === undefined ? {} : { weights: file }),
      },
    };
  }
}

const withoutHead: ScaledRun = {
  missing:
    'quick mode trains one kind of head, which reads single cells, and OCR needs the regions of a whole image; ' +
    'use --mode full',
  rows: 'rows with the OCR head',
};
