/**
 * Runs the tables on a dataset folder (`images/`, `coarse/`, `fine/`) at a size that two CPU cores finish: images at half
 * their size, a few hundred steps from random weights, a ResNet-18 in place of ResNet-101. It can show directions, not
 * the paper's figures.
 */

import type { RecipeConfig } from '../config/index.js';
import { openDataset } from '../data/index.js';
import {
  type BackboneRole,
  methodCleanData,
  methodSections,
  type PaperRun,
  testScales,
} from '../recipes/internal.js';
import type { DataRoots, Scale, ScaledRun } from './scale.js';

/** Configures `smallScale`. */
export interface SmallScaleOptions {
  /** Multiplies ARM's learning rate; 10 by default, because hundreds of steps at the paper's rate hardly change it. */
  readonly armLearningRateScale?: number;
}

/** Images are resized to half their size, in training and in evaluation. */
const imageScale = 0.5;
/** A crop covers two thirds of each side of the halved image, in multiples of 8 pixels. */
const cropShare = 2 / 3;
const batchSize = 8;
const iterations = 300;

/** Sets the share of a batch's pixels that OHEM keeps at least: openseg's 100 000 of two crops of 512×1024. */
const ohemShare = 100_000 / (2 * 512 * 1024);

const backbones: Readonly<Record<BackboneRole, string>> = {
  standard: 'resnet18',
  smaller: 'resnet18',
  larger: 'resnet34',
};

/** DeepLabv3+ takes its size from the backbone; OCR gets a similar size. */
const heads = {
  deeplabv3plus: { kind: 'deeplabv3plus' },
  ocr: { kind: 'ocr', channels: 256, keyChannels: 128 },
} as const;

interface SmallData {
  readonly root: string;
  /** Gives the width of the halved images. */
  readonly width: number;
  readonly height: number;
}

/**
 * Returns a small scale for these folders. Crops follow the size of the first image of each.
 * @throws {DataError} when a folder is not a dataset
 */
export async function smallScale(
  roots: DataRoots,
  { armLearningRateScale = 10 }: SmallScaleOptions = {},
): Promise<Scale> {
  const streets = roots.cityscapes === undefined ? null : await readSize(roots.cityscapes, 'coarse');
  const scenes = roots.ade20k === undefined ? null : await readSize(roots.ade20k, 'fine');
  return {
    name: 'small',
    mode: 'full',
    notes: [
      "Small scale: ResNet-18 stands for the paper's ResNet-101 (in Table 3 ResNet-18 and 34 for 50 and 101), images at half " +
        'size; the paper has 40 000 steps (160 000 on ADE20K), batch 16, crops of 1024×512 and 512×512.',
    ],
    dataNotes: ['ADE20K rows need a second folder: --data ade20k=ROOT.'],
    scaled(run) {
      const data = run.data === 'ade20k' ? scenes : streets;
      return data === null
        ? missing(run)
        : { name: smallName(run), config: smallConfig(run, { data, armLearningRateScale }) };
    },
  };
}

async function readSize(root: string, labels: string): Promise<SmallData> {
  const dataset = await openDataset({ kind: 'folder', root, split: 'train', labels });
  const { width, height } = await dataset.read(0);
  return { root, width: Math.round(width * imageScale), height: Math.round(height * imageScale) };
}

function missing({ data }: PaperRun): ScaledRun {
  return {
    missing:
      data === 'ade20k'
        ? 'name a folder for it with --data ade20k=ROOT'
        : 'name a folder with coarse and fine labels with --data ROOT',
    rows: `rows of ${data}`,
  };
}

/** Returns a name such as `coarse-arm` or `fine-cross-entropy-resnet34`, with only what differs from the standard network. */
function smallName({ data, method, backbone, head, protocol }: PaperRun): string {
  return [
    `${labelsOf(data)}-${method}`,
    ...(backbones[backbone] === backbones.standard ? [] : [backbones[backbone]]),
    ...(head === 'ocr' ? ['ocr'] : []),
    ...(protocol === 'multi-scale' ? ['multi-scale'] : []),
  ].join('-');
}

function labelsOf(data: PaperRun['data']): string {
  switch (data) {
    case 'cityscapes-coarse':
    case 'cityscapes-coarse-extension':
      return 'coarse';
    case 'cityscapes-fine':
      return 'fine';
    case 'ade20k':
      return 'ade20k';
    default:
      return data satisfies never;
  }
}

interface SmallConfigOptions {
  readonly data: SmallData;
  readonly armLearningRateScale: number;
}

function smallConfig(run: PaperRun, { data, armLearningRateScale }: SmallConfigOptions): RecipeConfig {
  const [cropHeight, cropWidth] = cropOf(data);
  const ohemMinKept = Math.round(ohemShare * batchSize * cropHeight * cropWidth);
  const labels = labelsOf(run.data) === 'coarse' ? 'coarse' : 'fine';
  const clean = methodCleanData(run.method);
  return {
    name: smallName(run),
    threads: 1,
    data: {
      kind: 'folder',
      root: data.root,
      train: { split: 'train', labels },
      evaluation: { split: 'val', labels: 'fine' },
      ...(clean === null ? {} : { clean: { ...clean } }),
      augmentation: { baseSize: [data.width, data.height], cropSize: [cropHeight, cropWidth] },
      workers: 1,
    },
    model: { backbone: { kind: backbones[run.backbone], outputStride: 16 }, head: heads[run.head] },
    ...methodSections(run.method, { armLearningRateScale, ohemMinKept }),
    // The interval is longer than any run, so that a run is evaluated at its end only.
    training: {
      iterations,
      batchSize,
      evaluateEvery: 1_000_000_000,
      checkpointEvery: 50,
      keepCheckpoints: 1,
    },
    inference:
      run.protocol === 'multi-scale'
        ? { scales: testScales.map((scale) => scale * imageScale), flip: true }
        : { scales: [imageScale] },
  };
}

/** Returns [height, width] of a crop. */
function cropOf({ width, height }: SmallData): readonly [number, number] {
  const side = (length: number) => Math.max(32, 8 * Math.round((length * cropShare) / 8));
  return [side(height), side(width)];
}
