/**
 * Computes the losses of regions of a batch. A loss that needs pixels in their arrangement gets the crops of the batch, or,
 * where the batch is of single drawn pixels, the patches beside it.
 */

import { ignoreIndex } from '../data/index.js';
import { OperationError } from '../errors/index.js';
import type { RegionLossOptions } from '../losses/index.js';
import { resizeBilinear } from '../nn/index.js';
import type { SampleOrigin } from '../reweighting/index.js';
import { type Tensor, tensorFrom } from '../torch/index.js';
import type { StepBatch, TrainingComponents, WeightedRegionLoss } from './training-components.js';
import { allLabels } from './trusted-loss.js';

/** Holds a batch of pixels with what the network predicts for them. */
export interface RegionMaps {
  readonly batch: StepBatch;
  /** Holds logits [N,C,h,w] of any resolution. */
  readonly logitsNCHW: Tensor;
  /** Holds logits of the moving average of the network, without gradient; for losses that need `teacher`. */
  readonly teacherLogitsNCHW?: Tensor | null | undefined;
  /** Holds the pixels that show an image, [N,H,W] bool; by default the origins of the batch say which do. */
  readonly insideNHW?: Tensor;
}

/** Holds the maps of a batch, and those of its patches where pixels in their arrangement lie beside it. */
export interface RegionLossInput {
  readonly own: RegionMaps;
  /** Is absent where the batch itself is of whole crops. */
  readonly layout?: RegionMaps | undefined;
  /** Holds maps of a strongly changed version of the pixels; for losses that need `strong`. */
  readonly strong?: RegionMaps | undefined;
  /** Gives the share of the run's steps that were taken. */
  readonly progress?: number | undefined;
}

/** Returns whether any of the losses needs an input. */
export function anyNeeds(
  regionLosses: readonly Pick<WeightedRegionLoss, 'needs'>[] = [],
  need: NonNullable<WeightedRegionLoss['needs']>[number],
): boolean {
  return regionLosses.some(({ needs = [] }) => needs.includes(need));
}

/** Returns the labeled pixels in whose place a loss of regions stands, [N,H,W] bool; null where none does. */
export function relaxedPixels(
  regionLosses: readonly Pick<WeightedRegionLoss, 'loss'>[] = [],
  labelsNHW: Tensor,
): Tensor | null {
  const masks = regionLosses.flatMap(({ loss }) => loss.relaxes?.(labelsNHW, { ignoreIndex }) ?? []);
  return masks.length === 0 ? null : masks.reduce((all, mask) => all.logicalOr(mask));
}

/**
 * Returns the batch without the labels of pixels in whose place a loss of regions stands; the loss itself still sees them.
 * Rows of single pixels stay as they are, because their source has left such pixels out.
 */
export function withRelaxedLabels({ regionLosses }: TrainingComponents, batch: StepBatch): StepBatch {
  if (batch.patches) return batch;
  const { labelsNHW } = batch;
  const relaxedNHW = relaxedPixels(regionLosses, labelsNHW);
  if (relaxedNHW === null) return batch;
  return {
    ...batch,
    labelsNHW: labelsNHW.where(relaxedNHW.logicalNot(), ignoreIndex),
    regionLabelsNHW: labelsNHW,
  };
}

/** Returns the weighted sum of the losses of regions, which read trusted labels too; null where there are none. */
export function regionLossOf(components: TrainingComponents, input: RegionLossInput): Tensor | null {
  const { regionLosses = [] } = components;
  if (regionLosses.length === 0) return null;
  const { own, layout = own, strong, progress } = input;
  const resized = new Map<RegionMaps, Resized>();
  const losses = regionLosses.map(({ loss, weight, needs = [] }) => {
    const usual = needs.includes('layout') ? layout : own;
    const maps = needs.includes('strong') ? expectStrong(strong) : usual;
    const known = resized.get(maps) ?? resizedMaps(components, maps);
    resized.set(maps, known);
    const options = { ...known.options, ...(progress !== undefined && { progress }) };
    return loss(known.logitsNCHW, known.labelsNHW, options).mul(weight);
  });
  return losses.reduce((sum, loss) => sum.add(loss));
}

function expectStrong(strong: RegionMaps | undefined): RegionMaps {
  if (strong) return strong;
  throw new OperationError(
    'regionLosses: a loss needs strongly changed pixels; expected their maps beside those of the batch, received none',
  );
}

interface Resized {
  readonly labelsNHW: Tensor;
  readonly logitsNCHW: Tensor;
  readonly options: RegionLossOptions;
}

/** Brings maps to the size of the labels, and gathers what losses may read beside them. */
function resizedMaps(components: TrainingComponents, maps: RegionMaps): Resized {
  const { batch, logitsNCHW, teacherLogitsNCHW, insideNHW: given } = maps;
  const { origins, colorsN3HW, cellSize } = batch;
  const labelsNHW = allLabels(batch);
  const [, height = 0, width = 0] = labelsNHW.shape;
  const sized = (map: Tensor) => resizeBilinear(map, [height, width]);
  const { regionLosses, frequencies } = components;
  const insideNHW =
    given ?? (anyNeeds(regionLosses, 'layout') && origins ? insideOf(origins, labelsNHW) : null);
  const candidatesNC =
    anyNeeds(regionLosses, 'candidates') && origins ? candidatesOf(components, origins) : null;
  return {
    labelsNHW,
    logitsNCHW: sized(logitsNCHW),
    options: {
      ignoreIndex,
      ...(insideNHW && { insideNHW }),
      ...(cellSize !== undefined && { cellSize }),
      ...(colorsN3HW && { colorsN3HW }),
      ...(candidatesNC && { candidatesNC }),
      ...(frequencies && { frequenciesC: frequencies.values }),
      ...(teacherLogitsNCHW && { teacherLogitsNCHW: sized(teacherLogitsNCHW) }),
    },
  };
}

/** Returns the classes that the labels of each whole image have, [N,C] bool; null where they were not looked for. */
function candidatesOf({ imageClasses }: TrainingComponents, origins: readonly SampleOrigin[]): Tensor | null {
  if (!imageClasses) return null;
  const indices = BigInt64Array.from(origins, ({ index }) => BigInt(index));
  const { device } = imageClasses;
  return imageClasses.indexSelect(
    0,
    tensorFrom(indices, { dtype: 'int64', shape: [indices.length], device }),
  );
}

/** Returns which pixels of crops show their image, [N,H,W] bool; null where all do. */
export function insideOf(origins: readonly SampleOrigin[], labelsNHW: Tensor): Tensor | null {
  const [count = 0, height = 0, width = 0] = labelsNHW.shape;
  const columns = new Uint8Array(count * width);
  const rows = new Uint8Array(count * height);
  for (const [image, { left, right, top, bottom, mirrored }] of origins.entries()) {
    const across = insideAxis({ first: left, last: right, length: width });
    columns.set(mirrored ? across.reverse() : across, image * width);
    rows.set(insideAxis({ first: top, last: bottom, length: height }), image * height);
  }
  if (!columns.includes(0) && !rows.includes(0)) return null;
  const { device } = labelsNHW;
  const column = tensorFrom(columns, { dtype: 'bool', shape: [count, 1, width], device });
  return tensorFrom(rows, { dtype: 'bool', shape: [count, height, 1], device }).logicalAnd(column);
}

/** Says for each of `length` pixels from `first` to `last`, as fractions of the image, whether its center is in the image. */
function insideAxis({
  first,
  last,
  length,
}: {
  readonly first: number;
  readonly last: number;
  readonly length: number;
}): Uint8Array {
  return Uint8Array.from({ length }, (_, place) => {
    const center = first + ((place + 0.5) / length) * (last - first);
    return center > 0 && center < 1 ? 1 : 0;
  });
}
