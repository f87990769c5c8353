/** Makes batches of drawn pixels: their features, labels and, for reweighters with a memory, places. */

import type { Reweighter, SampleOrigin } from '../reweighting/index.js';
import { type Device, scope, tensorFrom } from '../torch/index.js';
import type { DeviceBatch, StepBatch } from '../training/index.js';
import type { FeatureRows } from './feature-rows.js';

/** Configures `pixelBatch`. */
export interface PixelBatchOptions {
  /** Is the device of the head. */
  readonly device: Device;
  /** Makes an image of each pixel, with its origin, as the `StackedNetwork` of the batch does. */
  readonly apart: boolean;
  /** Is the type of the features: that of the activations, so that they are not converted twice. */
  readonly dtype: 'float32' | 'bfloat16';
}

/** Returns rows of a table as the batch of a step; the caller disposes its tensors. */
export function pixelBatch(
  table: FeatureRows,
  rows: Uint32Array,
  { device, apart, dtype }: PixelBatchOptions,
): StepBatch {
  using inner = scope();
  const given = table.batch(rows, { dtype }).to({ device });
  // A batch has as many images as labels; patches are apart already.
  const features = apart && given.shape[0] === 1 ? given.permute([3, 1, 2, 0]) : given;
  const { labels: all } = table;
  const labels = Uint8Array.from(rows, (row) => all[row] as number);
  const shape = apart ? [rows.length, 1, 1] : [1, 1, rows.length];
  return {
    imagesNCHW: inner.keep(features),
    labelsNHW: inner.keep(tensorFrom(labels, { dtype: 'uint8', shape }).to({ dtype: 'int64', device })),
    ...(apart && { origins: originsOf(table, rows) }),
  };
}

/** Returns a window without area at the place of each pixel. */
function originsOf({ imageIndices, places }: FeatureRows, rows: Uint32Array): SampleOrigin[] {
  return Array.from(rows, (row) => {
    const [x, y] = [places[2 * row] as number, places[2 * row + 1] as number];
    return { index: imageIndices[row] as number, left: x, right: x, top: y, bottom: y, mirrored: false };
  });
}

/** Frees the tensors of a batch. */
export function disposeBatch({ onDevice, clean }: DeviceBatch): void {
  for (const { imagesNCHW, labelsNHW, colorsN3HW } of [onDevice, onDevice.patches ?? []].flat()) {
    imagesNCHW.dispose();
    labelsNHW.dispose();
    colorsN3HW?.dispose();
  }
  for (const { labelsNHW } of onDevice.trusted ?? []) labelsNHW.dispose();
  if (clean) disposeBatch(clean);
}

/** Returns the type of features: a reweighter that learns from clean labels computes in float32 whatever the precision. */
export function featureType(
  reweighter: Pick<Reweighter, 'cleanData'> | null,
  precision: 'float32' | 'bfloat16',
): 'float32' | 'bfloat16' {
  return reweighter?.cleanData ? 'float32' : precision;
}
