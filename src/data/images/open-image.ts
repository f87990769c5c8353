/**
 * An image file read, and decoded as far as its rows are wanted: the engine decodes common PNGs from the first row to the
 * last wanted one, in the calling thread; whatever else is an image is decoded whole at once.
 */

import { readFile } from 'node:fs/promises';
import { OperationError } from '../../errors/index.js';
import { type ImageKernels, imageKernels } from '../../torch/internal.js';
import type { RowRange } from '../augment/augment-sample.js';
import { readImage } from './image-file.js';
import type { Size } from './region.js';

/** The pixels of an image by rows. */
export interface OpenImage extends Size {
  /** [count, width, 3], RGB. */
  rows(rows: RowRange): Uint8Array;
}

const rgb = 2;

/** The same pixels as `readImage` gives. Throws a DataError like it. */
export async function openImage(path: string): Promise<OpenImage> {
  const kernels = imageKernels();
  const file = kernels === null ? null : await readFile(path).catch(() => null);
  const opened = kernels === null || file === null ? null : openPng(file, kernels);
  if (opened !== null) return opened;
  const { width, height, image } = await readImage(path);
  return {
    width,
    height,
    rows: ({ first, count }) => image.subarray(first * width * 3, (first + count) * width * 3),
  };
}

/** Null for any file but a sound RGB PNG that is shown as it is stored; what is wrong with it, the general decoder tells. */
function openPng(file: Uint8Array, kernels: ImageKernels): OpenImage | null {
  try {
    const form = kernels.pngForm(file);
    if (form === null || form.colorType !== rgb || form.hasMetadata) return null;
    const { width, height } = form;
    return { width, height, rows: (rows) => kernels.decodePng(file, { form, ...rows }) };
  } catch (error) {
    if (error instanceof OperationError) return null;
    throw error;
  }
}
