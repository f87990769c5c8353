/**
 * The addon's image work for threads that load data. It is optional: without an engine the same results come from
 * TypeScript and other decoders, more slowly, so that datasets can be looked at where nothing is trained.
 */

import { EngineError } from '../errors/index.js';
import { type NativeAddon, native } from './native.js';

/** What a PNG that `decodePng` takes is like; see native/png.h. */
export interface PngForm {
  readonly width: number;
  readonly height: number;
  /** As in the file: 0 gray, 2 RGB, 3 palette, 4 gray and alpha, 6 RGB and alpha. */
  readonly colorType: number;
  readonly channels: number;
  /** A color profile, an orientation or a transparent color says that the pixels are not to be shown as they are. */
  readonly adorned: boolean;
}

/** Which rows of a file of that form. */
export interface PngRows {
  readonly form: PngForm;
  readonly first: number;
  readonly count: number;
}

export interface ImageKernels {
  /**
   * Null for a file that is no PNG of 8 bits a channel without interlacing.
   * @throws OperationError for a damaged or truncated one
   */
  pngForm(file: Uint8Array): PngForm | null;
  /**
   * Rows first … first + count − 1 of the pixels as they are stored, [count, width · channels], of a file that `pngForm`
   * found to be sound.
   * @throws OperationError for damaged pixels
   */
  decodePng(file: Uint8Array, rows: PngRows): Uint8Array;
  /** Resizes, distorts and normalizes a crop; see native/images.cc. */
  readonly augmentImage: NativeAddon['augmentImage'];
  readonly gatherLabels: NativeAddon['gatherLabels'];
  readonly countLabels: NativeAddon['countLabels'];
  readonly mapBytes: NativeAddon['mapBytes'];
}

let kernels: ImageKernels | null | undefined;

/** The image work of the engine, found on first use; null where there is no engine. */
export function imageKernels(): ImageKernels | null {
  if (kernels === undefined) kernels = find();
  return kernels;
}

function find(): ImageKernels | null {
  try {
    const addon = native();
    return {
      pngForm: (file) => {
        const facts = addon.pngForm(file);
        if (facts === null) return null;
        const [width = 0, height = 0, colorType = 0, channels = 0, adorned = 0] = facts;
        return { width, height, colorType, channels, adorned: adorned !== 0 };
      },
      decodePng: (file, { form, first, count }) => {
        const output = new Uint8Array(count * form.width * form.channels);
        addon.decodePng(file, output, first, count);
        return output;
      },
      augmentImage: (...values) => addon.augmentImage(...values),
      gatherLabels: (...values) => addon.gatherLabels(...values),
      countLabels: (...values) => addon.countLabels(...values),
      mapBytes: (...values) => addon.mapBytes(...values),
    };
  } catch (error) {
    if (error instanceof EngineError) return null;
    throw error;
  }
}
