/**
 * Runs the tables on a dataset folder (`images/`, `coarse/`, `fine/`) at a size that two CPU cores finish: images at half
 * their size, a few hundred steps from random weights, a ResNet-18 in place of ResNet-101. It can show directions, not
 * the paper's figures.
 */

import path from 'node:path';
import type { RecipeConfig } from '../config/index.js';
import { openDataset } from '../data/index.js';
import {
  type AdditionalLabels,
  additionalNames,
  type BackboneRole,
  methodCleanData,
  methodSections,
  type PaperRun,
  testScales,
} from '../recipes/internal.js';
import type { LabelCounts } from './labeling.js';
import { ohemShare } from './ohem-share.js';
import type { DataRoots, Scale, ScaledRun } from './scale.js';
import type { SimulatedPoints } from './simulated-points.js';

/** Configures `smallScale`. */
export interface SmallScaleOptions {
  /** Multiplies ARM's learning rate; 10 by default, because hundreds of steps at the paper's rate hardly change it. */
  readonly armLearningRateScale?: number;
  /** Names the folder for points that are made for runs with some; without it such runs are left out. */
  readonly pointsFolder?: string;
}

/** Images are resized to half their size, in training and in evaluation. */
const imageScale = 0.5;
/** A crop covers two thirds of each side of the halved image, in multiples of 8 pixels. */
const cropShare = 2 / 3;
const batchSize = 8;
const iterations = 300;

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
  /** Counts the training images. */
  readonly images: number;
}

/**
 * Returns a small scale for these folders. Crops follow the size of the first image of each.
 * @throws {DataError} when a folder is not a dataset
 */
export async function smallScale(
  roots: DataRoots,
  { armLearningRateScale = 10, pointsFolder }: SmallScaleOptions = {},
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
    labels: (run) => {
      const images = (run.data === 'ade20k' ? scenes : streets)?.images;
      return images === undefined ? null : labelsOfRun(run, images);
    },
    scaled(run) {
      const data = run.data === 'ade20k' ? scenes : streets;
      if (data === null) return missing(run);
      const count = run.additional?.points;
      if (count === undefined) {
        return {
          name: smallName(run),
          config: smallConfig(run, { data, armLearningRateScale, simulatedPoints: null }),
        };
      }
      if (pointsFolder === undefined) return withoutPoints;
      const simulatedPoints = { folder: path.resolve(pointsFolder, String(count)), count };
      return {
        name: smallName(run),
        config: smallConfig(run, { data, armLearningRateScale, simulatedPoints }),
        simulatedPoints,
      };
    },
  };
}

async function readSize(root: string, labels: string): Promise<SmallData> {
  const dataset = await openDataset({ kind: 'folder', root, split: 'train', labels });
  const { width, height } = await dataset.read(0);
  return {
    root,
    width: Math.round(width * imageScale),
    height: Math.round(height * imageScale),
    images: dataset.length,
  };
}

function labelsOfRun({ data, additional }: PaperRun, images: number): LabelCounts {
  if (labelsOf(data) !== 'coarse') return { coarse: 0, fine: images, points: 0 };
  return {
    coarse: images,
    fine: fineCount(additional, images) ?? 0,
    points: images * (additional?.points ?? 0),
  };
}

/** Returns how many images have fine labels beside their coarse ones; null for none. */
function fineCount(additional: AdditionalLabels | undefined, images: number): number | null {
  const share = additional?.fineShare;
  return share === undefined ? null : Math.max(1, Math.round(share * images));
}

const withoutPoints: ScaledRun = {
  missing: 'the scale has no folder for points (pointsFolder)',
  rows: 'rows with points',
};

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
function smallName({ data, method, backbone, head, protocol, additional }: PaperRun): string {
  return [
    `${labelsOf(data)}-${method}`,
    ...(backbones[backbone] === backbones.standard ? [] : [backbones[backbone]]),
    ...(head === 'ocr' ? ['ocr'] : []),
    ...(protocol === 'multi-scale' ? ['multi-scale'] : []),
    ...additionalNames(additional),
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
  readonly simulatedPoints: SimulatedPoints | null;
}

/** Gives points and a few fine images this share of the objective, each. */
const additionalShare = 0.3;

function smallConfig(
  run: PaperRun,
  { data, armLearningRateScale, simulatedPoints }: SmallConfigOptions,
): RecipeConfig {
  const [cropHeight, cropWidth] = cropOf(data);
  const ohemMinKept = Math.round(ohemShare * batchSize * cropHeight * cropWidth);
  const labels = labelsOf(run.data) === 'coarse' ? 'coarse' : 'fine';
  const clean = methodCleanData(run.method) ?? fineImages(run, data);
  return {
    name: smallName(run),
    threads: 1,
    data: {
      kind: 'folder',
      root: data.root,
      train: { split: 'train', labels },
      evaluation: { split: 'val', labels: 'fine' },
      ...(clean === null ? {} : { clean: { ...clean } }),
      ...(simulatedPoints === null ? {} : { points: pointsSection(simulatedPoints, data) }),
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

/** Returns the images with fine labels beside the coarse ones, as labels that the network learns from. */
function fineImages({ additional }: PaperRun, { images }: SmallData) {
  const count = fineCount(additional, images);
  return count === null ? null : { split: 'train', labels: 'fine', count, share: additionalShare };
}

/** Names the folder of points relative to the dataset, as a config does. */
function pointsSection({ folder }: SimulatedPoints, { root }: SmallData) {
  return { labels: path.relative(path.resolve(root), folder), share: additionalShare };
}

/** Returns [height, width] of a crop. */
function cropOf({ width, height }: SmallData): readonly [number, number] {
  const side = (length: number) => Math.max(32, 8 * Math.round((length * cropShare) / 8));
  return [side(height), side(width)];
}
