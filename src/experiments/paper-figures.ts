/**
 * Holds the figures that the paper reports, each once, because a run appears in several tables. They are in percent and of
 * a single scale unless the run says otherwise. NaN is what the paper prints for training that did not converge; null
 * marks what it does not report.
 */

import { type PaperRun, paperRunName } from '../recipes/internal.js';
import type { Metric } from './experiment-table.js';

/** Holds the paper's scores of a run in percent. */
export type Figures = Readonly<Record<Metric, number | null>>;

const row = (aAcc: number | null, mAcc: number | null, mIoU: number): Figures => ({ aAcc, mAcc, mIoU });
const meanOnly = (mIoU: number): Figures => row(null, null, mIoU);
const notConverged = row(Number.NaN, Number.NaN, Number.NaN);

const figures: Readonly<Record<string, Figures>> = {
  // Table 1
  'cityscapes-coarse-cross-entropy': row(93.55, 82.21, 70.33),
  'cityscapes-coarse-linear-arm-attached': row(30.72, 8.27, 4.03),
  'cityscapes-coarse-linear-arm': row(93.92, 83.3, 72.13),
  'cityscapes-coarse-linear-arm-focusing': row(93.44, 81.46, 69.54),
  // Table 2
  'cityscapes-coarse-arm-p1': notConverged,
  'cityscapes-coarse-arm': row(93.88, 83.83, 71.94),
  'cityscapes-coarse-arm-p3': row(93.84, 83.39, 71.1),
  'cityscapes-coarse-arm-std': row(93.88, 83.46, 71.83),
  'cityscapes-coarse-arm-log-variance': row(93.84, 83.27, 71.93),
  'cityscapes-coarse-arm-entropy': notConverged,
  // Table 3
  'cityscapes-coarse-cross-entropy-resnet50': row(93.56, 82.33, 69.53),
  'cityscapes-coarse-arm-resnet50': row(93.75, 82.46, 70.98),
  'cityscapes-fine-cross-entropy-resnet50': row(96.34, 90.08, 79.32),
  'cityscapes-fine-arm-resnet50': row(96.52, 90.39, 80.86),
  'cityscapes-fine-cross-entropy': row(96.49, 90.47, 80.76),
  'cityscapes-fine-arm': row(96.62, 90.97, 81.73),
  'cityscapes-coarse-cross-entropy-ocr': row(93.65, 82.52, 70.51),
  'cityscapes-coarse-arm-ocr': row(93.77, 83.31, 71.79),
  'cityscapes-fine-cross-entropy-ocr': row(96.39, 90.17, 79.92),
  'cityscapes-fine-arm-ocr': row(96.46, 90.94, 80.6),
  // Table 4
  'cityscapes-coarse-kl': row(93.44, 81.15, 69.06),
  'cityscapes-coarse-gce': row(93.69, 82.53, 71.23),
  'cityscapes-coarse-kl-arm': row(93.83, 83.01, 71.86),
  'cityscapes-coarse-gce-arm': row(93.85, 83.28, 72.08),
  // Table 5
  'cityscapes-fine-ohem': row(96.52, 90.74, 81.23),
  'ade20k-cross-entropy': row(80.88, 63.55, 45.91),
  'ade20k-ohem': row(81.25, 65.19, 46.78),
  'ade20k-arm': row(81.07, 64.22, 46.51),
  'cityscapes-coarse-ohem': row(93.64, 82.23, 70.31),
  // Table 6
  'cityscapes-fine-cross-entropy-multi-scale': meanOnly(81.39),
  'cityscapes-fine-ohem-multi-scale': meanOnly(81.81),
  'cityscapes-fine-linear-arm-multi-scale': meanOnly(82.05),
  'cityscapes-fine-arm-multi-scale': meanOnly(81.87),
  'cityscapes-coarse-cross-entropy-multi-scale': meanOnly(71.28),
  'cityscapes-coarse-ohem-multi-scale': meanOnly(71.18),
  'cityscapes-coarse-linear-arm-multi-scale': meanOnly(71.63),
  'cityscapes-coarse-arm-multi-scale': meanOnly(71.96),
  'ade20k-cross-entropy-multi-scale': meanOnly(46.46),
  'ade20k-ohem-multi-scale': meanOnly(47.3),
  'ade20k-linear-arm-multi-scale': meanOnly(47.5),
  'ade20k-arm-multi-scale': meanOnly(47.19),
};

/** Returns the paper's figures of a run in percent; null for a run that is not in the paper. */
export function paperFigures(run: PaperRun): Figures | null {
  return figures[paperRunName(run)] ?? null;
}
