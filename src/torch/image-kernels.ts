/**
 * Gives the threads that load data the addon's image kernels. Reading labels and images works without
 * them, more slowly, so that a dataset can be checked on a machine that trains nothing.
 */

import { EngineError } from '../errors/index.js';
import { type NativeAddon, native } from './native.js';

/** Describes a PNG file that `decodePngRows` can read. */
interface PngHeader {
  /** Is measured in pixels. */
  readonly width: number;
  /** Is measured in pixels. */
  readonly height: number;
  /** Has the values of the file: 0 gray, 2 RGB, 3 palette, 4 gray and alpha, 6 RGB and alpha. */
  readonly colorType: number;
  readonly channels: number;
  /**
   * Tells whether the file has a color profile, an orientation or a transparent color, so that its pixels are not to be
   * shown as they are stored.
   */
  readonly hasMetadata: boolean;
}

/** Selects rows of a PNG: `count` of them, from row `first` on. */
interface PngRows {
  readonly header: PngHeader;
  readonly first: number;
  readonly count: number;
}

/** Holds the image kernels of the addon. native/images/images.cc describes the arguments of those without a comment. */
export interface ImageKernels {
  /**
   * Reads the header of a PNG file, or null when it is no PNG of 8 bits per channel without interlacing.
   *
   * @throws {OperationError} when the file is damaged or truncated
   */
  readPngHeader(file: Uint8Array): PngHeader | null;
  /**
   * Decodes rows of a file for which `readPngHeader` returned a header: [count, width · channels] as stored.
   *
   * @throws {OperationError} when the pixels are damaged
   */
  decodePngRows(file: Uint8Array, rows: PngRows): Uint8Array;
  readonly augmentImage: NativeAddon['augmentImage'];
  readonly gatherLabels: NativeAddon['gatherLabels'];
  readonly countLabels: NativeAddon['countLabels'];
  readonly mapBytes: NativeAddon['mapBytes'];
}

let kernels: ImageKernels | null | undefined;

/** Returns the image kernels, or null when libtorch is missing. The addon is loaded on the first call. */
export function imageKernels(): ImageKernels | null {
  if (kernels === undefined) kernels = find();
  return kernels;
}

/**
 * Returns the image kernels.
 *
 * @throws {EngineError} when libtorch is missing
 */
export function requireImageKernels(): ImageKernels {
  return imageKernels() ?? createKernels();
}

function find(): ImageKernels | null {
  try {
    return createKernels();
  } catch (error) {
    if (error instanceof EngineError) return null;
    throw error;
  }
}

function createKernels(): ImageKernels {
  const addon = native();
  return {
    readPngHeader: (file) => {
      const values = addon.readPngHeader(file);
      if (values === null) return null;
      const [width = 0, height = 0, colorType = 0, channels = 0, hasMetadata = 0] = values;
      return { width, height, colorType, channels, hasMetadata: hasMetadata !== 0 };
    },
    decodePngRows: (file, { header, first, count }) => {
      const output = new Uint8Array(count * header.width * header.channels);
      addon.decodePngRows(file, output, first, count);
      return output;
    },
    augmentImage: (...values) => addon.augmentImage(...values),
    gatherLabels: (...values) => addon.gatherLabels(...values),
    countLabels: (...values) => addon.countLabels(...values),
    mapBytes: (...values) => addon.mapBytes(...values),
  };
}
