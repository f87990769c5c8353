/**
 * An experiment of the paper, described by what it varies: labels, method, backbone, head and test protocol. How large
 * it is (images, steps, batch) a scale decides; `paperConfig` is the paper's own.
 */

import type { MethodName } from './paper-methods.js';

/** Which images and labels train. Cityscapes is always scored on the fine labels of its `val` (section 4.1). */
export type PaperData = 'cityscapes-coarse' | 'cityscapes-fine' | 'cityscapes-coarse-extension' | 'ade20k';

/**
 * `standard` is the backbone of every table but the third: ResNet-101, and ResNeSt-101 on ADE20K. Table 3 compares a
 * `smaller` one (ResNet-50) with a `larger` one (ResNet-101 again, which a smaller scale may map to another).
 */
export type BackboneRole = 'standard' | 'smaller' | 'larger';

export interface PaperRun {
  readonly data: PaperData;
  readonly method: MethodName;
  readonly backbone: BackboneRole;
  readonly head: 'deeplabv3plus' | 'ocr';
  /** `multi-scale` is Table 6: several scales and flips averaged, and Cityscapes trained on train and val. */
  readonly protocol: 'single-scale' | 'multi-scale';
}

/** A run of the paper's standard network, tested at a single scale unless `variation` says otherwise. */
export function paperRun(
  data: PaperData,
  method: MethodName,
  variation: Partial<Pick<PaperRun, 'backbone' | 'head' | 'protocol'>> = {},
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

/** The recipe's name: `cityscapes-coarse-arm`, `cityscapes-fine-cross-entropy-resnet50`. Equal runs have equal names. */
export function paperRunName({ data, method, backbone, head, protocol }: PaperRun): string {
  return [
    `${data}-${method}`,
    ...(backbone === 'smaller' ? ['resnet50'] : []),
    ...(head === 'ocr' ? ['ocr'] : []),
    ...(protocol === 'multi-scale' ? ['multi-scale'] : []),
  ].join('-');
}
