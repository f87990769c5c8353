/**
 * Reads image files as 8-bit RGB. sharp decodes every format and applies orientation and color profiles. The engine decodes
 * plain RGB PNGs when it is there, because it stops after the last row that a training crop shows: on the images of the
 * loader bench, 2048×1024, a core then makes 2.3 times as many samples as with sharp and fast-png alone.
 */

import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { type DataError, OperationError } from '../../errors/index.js';
import { type ImageKernels, imageKernels } from '../../torch/internal.js';
import type { Size } from './size.js';
import { unreadableFile } from './unreadable-file.js';

/** Holds a decoded image. */
export interface RgbImage extends Size {
  /** Holds the pixels as [height, width, 3], RGB. */
  readonly image: Uint8Array;
}

/** Selects rows first … first + count − 1 of an image. */
export interface RowRange {
  readonly first: number;
  readonly count: number;
}

/** Gives the pixels of an image by rows. */
export interface OpenImage extends Size {
  /**
   * Returns the pixels of some rows as [count, width, 3], RGB.
   *
   * @throws {OperationError} when these rows of the file are damaged
   */
  rows(rows: RowRange): Uint8Array;
}

/**
 * Reads a JPEG, PNG or WebP as 8-bit RGB: the EXIF orientation is applied, alpha is dropped, and gray becomes RGB.
 *
 * @throws {DataError} naming the file when it is missing, cut off or not an image
 */
export async function readImage(path: string): Promise<RgbImage> {
  try {
    const { data, info } = await sharp(path, { failOn: 'error' })
      .autoOrient()
      .removeAlpha()
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    if (info.channels !== 3) throw new Error(`${info.channels} channels after conversion to RGB`);
    return { width: info.width, height: info.height, image: data };
  } catch (cause) {
    throw undecodable(path, cause);
  }
}

/**
 * Reads from the header the size that `readImage` would return.
 *
 * @throws {DataError} naming the file when it is missing or not an image
 */
export async function readImageSize(path: string): Promise<Size> {
  try {
    const { autoOrient } = await sharp(path).metadata();
    return autoOrient;
  } catch (cause) {
    throw undecodable(path, cause);
  }
}

/**
 * Reads an image file whose rows are decoded on demand, with the pixels that `readImage` returns. Rows of a plain RGB PNG
 * are decoded from the first to the last requested one, in the calling thread; any other file is decoded whole at once.
 *
 * @throws {DataError} naming the file when it is missing, cut off or not an image
 */
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

// The color type of an RGB PNG in its header.
const rgb = 2;

/** Returns null unless the file is a sound RGB PNG that is shown as stored; sharp then reads it or says what is wrong. */
function openPng(file: Uint8Array, kernels: ImageKernels): OpenImage | null {
  try {
    const header = kernels.readPngHeader(file);
    if (header === null || header.colorType !== rgb || header.hasMetadata) return null;
    const { width, height } = header;
    return { width, height, rows: (rows) => kernels.decodePngRows(file, { header, ...rows }) };
  } catch (error) {
    if (error instanceof OperationError) return null;
    throw error;
  }
}

function undecodable(path: string, cause: unknown): DataError {
  return unreadableFile(path, { what: 'cannot be decoded as an image', cause });
}
