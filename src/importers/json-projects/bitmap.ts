/** Decodes the masks of Supervisely: a PNG, compressed once more and written as text. */

import { inflateSync } from 'node:zlib';
import type { Size } from '../../data/index.js';
import { decodeLabelSamples, mostPixelsInMemory } from '../../data/internal.js';
import { DataError } from '../../errors/index.js';

/** Bounds a PNG inside a file of annotations: 64 MB. */
const largestPng = 1 << 26;

/** Holds a mask. */
export interface Bitmap extends Size {
  /** Is 1 inside and 0 outside [height, width]. */
  readonly mask: Uint8Array;
}

/**
 * Decodes a mask. A pixel belongs to it where the PNG's alpha is not 0, or without alpha where its value is not 0.
 *
 * @throws {DataError} naming the place when it is no such mask
 */
export function decodeBitmap(data: string, place: string): Bitmap {
  const png = inflated(data, place);
  // The header is looked at before pixels take memory.
  if (png.length >= 24) {
    const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
    const [width, height] = [view.getUint32(16), view.getUint32(20)];
    if (width * height > mostPixelsInMemory) {
      throw new DataError(`${place}: a mask of ${width}×${height} pixels, more than ${mostPixelsInMemory}`);
    }
  }
  const { header, samples, channels, inColor } = decodeLabelSamples(png, place);
  const { width, height } = header;
  const hasAlpha = channels === 2 || channels === 4;
  const colors = inColor ? 3 : 1;
  const mask = new Uint8Array(width * height);
  for (let pixel = 0; pixel < mask.length; pixel++) {
    const at = pixel * channels;
    if (hasAlpha) mask[pixel] = samples[at + colors] === 0 ? 0 : 1;
    else for (let color = 0; color < colors; color++) if (samples[at + color] !== 0) mask[pixel] = 1;
  }
  return { width, height, mask };
}

function inflated(data: string, place: string): Uint8Array {
  try {
    return inflateSync(Buffer.from(data, 'base64'), { maxOutputLength: largestPng });
  } catch (cause) {
    throw new DataError(`${place}: a mask that cannot be unpacked; expected a zlib stream in base64`, {
      cause,
    });
  }
}
