/** Turns the description of a run into its config at the paper's own scale (section 4.2). */

import type { RecipeConfig } from '../../config/index.js';
import type { RecipeOptions } from '../recipe.js';
import { type MethodScale, methodCleanData, methodSections } from './paper-methods.js';
import { type PaperData, type PaperRun, paperRunName } from './paper-run.js';

const batchSize = 16;

/**
 * Sizes the methods as the paper did. openseg's OHEM keeps at least 100 000 pixels of the two images on one GPU, which is
 * 50 000 for each image of a batch, however many GPUs share it. ARM climbs by a negative learning rate, as the paper
 * writes it, under the weight decay of the network.
 */
const methodScale: MethodScale = {
  armLearningRateScale: 1,
  armUpdate: 'negative-rate',
  ohemMinKept: 50_000 * batchSize,
};

/** Lists the scales of multi-scale testing, as in openseg and published results: 0.5 to 2 by quarters. */
export const testScales = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2] as const;

/** Configures a run at the paper's scale. */
export interface PaperConfigOptions extends RecipeOptions {
  /** Names a file of ImageNet weights for the backbone, from which the paper starts; null starts from random values. */
  readonly weights?: string | null;
}

/** Returns the config of a run as the paper describes it; `root` is the folder of Cityscapes or ADE20K. */
export function paperConfig(run: PaperRun, { root, weights = null }: PaperConfigOptions = {}): RecipeConfig {
  const clean = methodCleanData(run.method);
  const multiScale = run.protocol === 'multi-scale';
  const backbone = { kind: paperBackbone(run), outputStride: 8, weights };
  return {
    name: paperRunName(run),
    data: {
      ...(root === undefined ? {} : { root }),
      ...dataSection(run),
      ...(clean === null ? {} : { clean: { ...clean } }),
      augmentation: augmentation(run.data),
    },
    model: { backbone, head: { kind: run.head } },
    ...methodSections(run.method, methodScale),
    optimizer: { learningRate: 0.02, weightDecay: 1e-4 },
    training: {
      iterations: iterations(run.data),
      batchSize,
      // Multi-scale testing takes fourteen times as long, and is done once.
      evaluateEvery: multiScale ? iterations(run.data) : iterations(run.data) / 10,
      checkpointEvery: 1000,
      logEvery: 50,
    },
    ...inferenceSection(run),
  };
}

/** Returns the kind of backbone that a run has in the paper. */
export function paperBackbone({ data, backbone }: PaperRun): string {
  if (data === 'ade20k') return 'resnest101';
  return backbone === 'smaller' ? 'resnet50' : 'resnet101';
}

function dataSection({
  data,
  protocol,
}: PaperRun): Pick<RecipeConfig['data'], 'kind' | 'train' | 'evaluation'> {
  const ownSplit = protocol === 'multi-scale' ? 'train+val' : 'train';
  const cityscapes = (split: string, labels: string) => ({
    kind: 'cityscapes',
    train: { split, labels },
    evaluation: { split: 'val', labels: 'fine' },
  });
  switch (data) {
    case 'cityscapes-coarse':
      return cityscapes(ownSplit, 'coarse');
    case 'cityscapes-fine':
      return cityscapes(ownSplit, 'fine');
    case 'cityscapes-coarse-extension':
      return cityscapes('train_extra', 'coarse');
    case 'ade20k':
      return { kind: 'ade20k', train: { split: 'train' }, evaluation: { split: 'val' } };
    default:
      return data satisfies never;
  }
}

function augmentation(data: PaperData): { baseSize: [number, number]; cropSize: [number, number] } {
  return data === 'ade20k'
    ? { baseSize: [2048, 512], cropSize: [512, 512] }
    : { baseSize: [2048, 1024], cropSize: [512, 1024] };
}

/** Returns the inference section: ADE20K's images, of many sizes, are resized in tests as in training. */
function inferenceSection({ data, protocol }: PaperRun): Pick<RecipeConfig, 'inference'> {
  const inference = {
    ...(data === 'ade20k' ? { baseSize: augmentation(data).baseSize } : {}),
    ...(protocol === 'multi-scale' ? { scales: [...testScales], flip: true } : {}),
  };
  return Object.keys(inference).length === 0 ? {} : { inference };
}

function iterations(data: PaperData): number {
  switch (data) {
    case 'cityscapes-coarse':
    case 'cityscapes-fine':
      return 40_000;
    case 'cityscapes-coarse-extension':
      return 200_000;
    case 'ade20k':
      return 160_000;
    default:
      return data satisfies never;
  }
}
