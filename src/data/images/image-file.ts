/** Image files, decoded by sharp to 8-bit RGB. */

import sharp from 'sharp';
import { DataError } from '../../errors/index.js';
import { failureReason } from '../files/failure-reason.js';

/** A decoded image: [height, width, 3], RGB. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly image: Uint8Array;
}

/**
 * Reads a JPEG, PNG or WebP as 8-bit RGB: the EXIF orientation is applied, alpha is dropped, gray becomes RGB.
 * Throws a DataError naming the file when it is missing, of another format, or truncated.
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

/** The size of an image as `readImage` would return it, from its header alone. Throws a DataError like it. */
export async function readImageSize(
  path: string,
): Promise<{ readonly width: number; readonly height: number }> {
  try {
    const { autoOrient } = await sharp(path).metadata();
    return autoOrient;
  } catch (cause) {
    throw undecodable(path, cause);
  }
}

function undecodable(path: string, cause: unknown): DataError {
  return new DataError(`${path}: cannot be decoded as an image (${failureReason(cause, path)})`, { cause });
}
