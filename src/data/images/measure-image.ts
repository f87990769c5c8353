/** Measures what an image file stores, for a check that has to say which range and normalization fit a dataset. */

import { DataError } from '../../errors/index.js';
import { storedExtremes, toEightBit, UnstatedRangeError } from './eight-bit.js';
import { type ImageHeader, readImageHeader, readStored } from './image-file.js';
import type { ImageReading } from './image-reading.js';

/** Holds the header of an image and what decoding it has shown. */
export interface MeasuredImage extends ImageHeader {
  /** Gives the least and the greatest stored value; null for 8-bit images, and where only the header was read. */
  readonly stored: { readonly low: number; readonly high: number } | null;
  /** Holds the pixels [height, width, channels] as the reading gives them; null where they were not or cannot be read. */
  readonly image: { readonly pixels: Uint8Array; readonly channels: number } | null;
  /** Is true when the image cannot be read because its range is not stated. */
  readonly needsRange: boolean;
}

/**
 * Reads the header of an image or, with `decode`, all of it.
 *
 * @throws {DataError} naming the file when it cannot be read for another reason than a range that is not stated
 */
export async function measureImage(
  path: string,
  { reading, decode }: { readonly reading: ImageReading; readonly decode: boolean },
): Promise<MeasuredImage> {
  const header = await readImageHeader(path, reading);
  if (!decode) return { ...header, stored: null, image: null, needsRange: false };
  const values = await readStored(path, reading);
  const stored = storedExtremes(values);
  try {
    const image = { pixels: toEightBit(values, reading), channels: reading.channels };
    return { ...header, stored, image, needsRange: false };
  } catch (error) {
    if (error instanceof UnstatedRangeError) return { ...header, stored, image: null, needsRange: true };
    throw error instanceof DataError ? new DataError(`${path}: ${error.message}`) : error;
  }
}
