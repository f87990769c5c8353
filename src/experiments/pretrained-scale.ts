/**
 * Runs the tables by full training of a small network with ImageNet weights, as the recipe `folder-mobilenet-cross-entropy`
 * does: every row takes its data and method from another scale. A run takes about ten minutes on one core.
 */

import type { RecipeConfig } from '../config/index.js';
import { folderMobileNetCrossEntropy } from '../recipes/index.js';
import { type BackboneRole, methodSections, type PaperRun, testScales } from '../recipes/internal.js';
import { ohemShare } from './ohem-share.js';
import type { Scale } from './scale.js';

/** Configures `pretrainedScale`. */
export interface PretrainedScaleOptions {
  /** Names files of ImageNet weights by the kind of backbone, for machines without a network: `mobilenet_v2`. */
  readonly weights?: Readonly<Record<string, string>>;
  /** Multiplies ARM's learning rate; 1 by default, as each of AdamW's steps has the size of the rate. */
  readonly armLearningRateScale?: number;
}

const backbones: Readonly<Record<BackboneRole, string>> = {
  standard: 'mobilenet_v2',
  smaller: 'mobilenet_v2',
  larger: 'resnet18',
};

/** Gives OCR the width of the recipe's DeepLabv3+. */
const ocrHead = { kind: 'ocr', channels: 128, keyChannels: 64 } as const;

/** Returns full training from ImageNet weights on the data of `base`. */
export function pretrainedScale(
  base: Scale,
  { weights = {}, armLearningRateScale = 1 }: PretrainedScaleOptions = {},
): Scale {
  return {
    ...base,
    mode: 'pretrained',
    notes: [
      'Full training of a small network from ImageNet weights: mobilenet_v2 with DeepLabv3+ stands for ResNet-101 and ' +
        'ResNeSt-101 (in Table 3 mobilenet_v2 and resnet18 for ResNet-50 and 101), on whole images at their own size.',
    ],
    scaled(run) {
      const scaled = base.scaled({ ...run, backbone: 'standard' });
      if ('missing' in scaled) return scaled;
      const kind = backbones[run.backbone];
      const name = [
        'pretrained',
        scaled.name,
        ...(kind === backbones.standard ? [] : [kind.replaceAll('_', '-')]),
      ].join('-');
      return { ...scaled, name, config: { ...pretrainedConfig(run, scaled.config), name } };
    },
  };

  function pretrainedConfig(run: PaperRun, { data }: RecipeConfig): RecipeConfig {
    const recipe = folderMobileNetCrossEntropy();
    const { cropSize, ...augmentation } = recipe.data.augmentation ?? {};
    const [height, width] = cropSize ?? defaultCrop;
    const batchSize = recipe.training?.batchSize ?? defaultBatchSize;
    const ohemMinKept = Math.round(ohemShare * batchSize * height * width);
    return {
      ...recipe,
      threads: 1,
      data: { ...data, augmentation: { ...augmentation, cropSize: [height, width] } },
      model: modelOf(run, recipe.model),
      ...methodSections(run.method, { armLearningRateScale, ohemMinKept }),
      // The interval is longer than any run, so that a run is evaluated at its end only.
      training: { ...recipe.training, evaluateEvery: 1_000_000_000, keepCheckpoints: 1 },
      ...(run.protocol === 'multi-scale' ? { inference: { scales: [...testScales], flip: true } } : {}),
    };
  }

  function modelOf({ backbone, head }: PaperRun, model: RecipeConfig['model']): RecipeConfig['model'] {
    const kind = backbones[backbone];
    const file = weights[kind];
    return {
      ...model,
      backbone: {
        kind,
        weights: file ?? 'imagenet',
        outputStride: 16,
        ...(kind === 'resnet18' ? { stem: 'torchvision' } : {}),
      },
      ...(head === 'ocr' ? { head: ocrHead } : {}),
    };
  }
}

/** The recipe states both; these are the numbers of its first version. */
const defaultCrop = [192, 256] as const;
const defaultBatchSize = 8;
