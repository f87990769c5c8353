/**
 * Describes an experiment of the paper by what it varies: labels, method, backbone, head and test protocol. A scale
 * decides its size (images, steps, batch); `paperConfig` has the paper's own.
 */

import type { MethodName } from './paper-methods.js';

/** Names the images and labels to train on. Cityscapes is always scored on the fine labels of `val` (section 4.1). */
export type PaperData = 'cityscapes-coarse' | 'cityscapes-fine' | 'cityscapes-coarse-extension' | 'ade20k';

/**
 * Names the part that a backbone plays in a table. `standard` is the backbone of every table but the third: ResNet-101, and
 * ResNeSt-101 on ADE20K. Table 3 compares a `smaller` one (ResNet-50) with a `larger` one (ResNet-101 again, which a
 * smaller scale may map to another).
 */
export type BackboneRole = 'standard' | 'smaller' | 'larger';

/** Counts labels that a run has beside those of all images, which no run of the paper has. */
export interface AdditionalLabels {
  /** Counts the points of each training image, at pixels without a coarse label. */
  readonly points?: number;
  /** Gives the share of the training images that have fine labels too. */
  readonly fineShare?: number;
}

/** Describes a run of the paper, or one beyond it that is compared with the paper's. */
export interface PaperRun {
  readonly data: PaperData;
  readonly method: MethodName;
  readonly backbone: BackboneRole;
  readonly head: 'deeplabv3plus' | 'ocr';
  /** Selects the test: `multi-scale` averages several scales and flips and trains Cityscapes on train and val (Table 6). */
  readonly protocol: 'single-scale' | 'multi-scale';
  readonly additional?: AdditionalLabels;
}

/** Returns a run of the paper's standard network, tested at a single scale unless `variation` says otherwise. */
export function paperRun(
  data: PaperData,
  method: MethodName,
  variation: Partial<Pick<PaperRun, 'backbone' | 'head' | 'protocol' | 'additional'>> = {},
): PaperRun {
  return {
    data,
    method,
    backbone: 'standard',
    head: 'deeplabv3plus',
    protocol: 'single-scale',
    ...variation,
  };
}

/** Returns the recipe's name, such as `cityscapes-fine-cross-entropy-resnet50`. Equal runs have equal names. */
export function paperRunName({ data, method, backbone, head, protocol, additional }: PaperRun): string {
  return [
    `${data}-${method}`,
    ...(backbone === 'smaller' ? ['resnet50'] : []),
    ...(head === 'ocr' ? ['ocr'] : []),
    ...(protocol === 'multi-scale' ? ['multi-scale'] : []),
    ...additionalNames(additional),
  ].join('-');
}

/** Returns the parts of a run's name that tell its additional labels, such as `points30` or `fine5`. */
export function additionalNames({ points, fineShare }: AdditionalLabels = {}): string[] {
  return [
    ...(points === undefined ? [] : [`points${points}`]),
    ...(fineShare === undefined ? [] : [`fine${Math.round(100 * fineShare)}`]),
  ];
}
