/**
 * Reads the masks that Label Studio's brush draws: the bytes of an RGBA image of which only alpha counts, packed bit by bit
 * by the library rle-pack of thi.ng, which Label Studio itself uses.
 */

import { decode } from '@thi.ng/rle-pack';
import type { Size } from '../data/index.js';

/** Is the least alpha of a pixel that the brush covers by half: its strokes have soft edges. */
const half = 128;
/** Holds the number of values in 32 bits, the length of a value in 5, and four lengths of counts in 4 bits each. */
const headerBytes = 7;

/**
 * Returns the mask [height, width] of a brush: 1 where its alpha is at least 128, and 0 elsewhere.
 *
 * @throws {RangeError} when the bytes are no such mask, or not one of this size
 */
export function decodeBrush(packed: readonly number[] | Uint8Array, { width, height }: Size): Uint8Array {
  const bytes = Uint8Array.from(packed);
  if (bytes.length < headerBytes)
    throw new RangeError(`a mask of ${bytes.length} bytes, too few for its header`);
  if (packed.some((value) => value !== (value & 255)))
    throw new RangeError('a mask with a value that is no byte');
  // The header is looked at first, as the library takes memory for what it claims.
  const count = new DataView(bytes.buffer).getUint32(0);
  const bits = ((bytes[4] as number) >> 3) + 1;
  if (count !== 4 * width * height || bits !== 8) {
    throw new RangeError(
      `a mask of ${count} values of ${bits} bits for ${width}×${height} pixels; expected ${4 * width * height} values of 8 bits`,
    );
  }
  const values = unpack(bytes);
  const mask = new Uint8Array(width * height);
  for (let pixel = 0; pixel < mask.length; pixel++) {
    mask[pixel] = (values[4 * pixel + 3] as number) >= half ? 1 : 0;
  }
  return mask;
}

function unpack(bytes: Uint8Array): ArrayLike<number> {
  try {
    return decode(bytes);
  } catch (cause) {
    throw new RangeError(`a mask that ends before its last pixel, after ${bytes.length} bytes`, { cause });
  }
}
