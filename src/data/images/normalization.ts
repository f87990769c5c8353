/** Converts 8-bit RGB to the input of the networks: ImageNet's mean subtracted, divided by its standard deviation. */

import type { Size } from './size.js';

/** Gives the mean of red, green and blue over ImageNet, on the 0–255 scale. */
export const imageMean = [123.675, 116.28, 103.53] as const;
/** Gives the standard deviation of red, green and blue over ImageNet, on the 0–255 scale. */
export const imageDeviation = [58.395, 57.12, 57.375] as const;

// Each of a channel's 256 values is normalized once: [3, 256].
const table = Float32Array.from({ length: 768 }, (_, place) => {
  const channel = place >> 8;
  return ((place & 255) - (imageMean[channel] as number)) / (imageDeviation[channel] as number);
});

/** Returns the normalized value [3, 256] of each byte after it was mapped by a table of 256 bytes (null maps nothing). */
export function normalizedValues(bytes: Uint8Array | null): Float32Array {
  if (bytes === null) return table;
  return table.map((_, place) => table[(place & 0x300) | (bytes[place & 255] as number)] as number);
}

/** Returns a normalized image [3, height, width] for an RGB image [height, width, 3]. */
export function normalizeImage(image: Uint8Array, { width, height }: Size): Float32Array {
  const plane = width * height;
  const planes = new Float32Array(3 * plane);
  for (let pixel = 0, at = 0; pixel < plane; pixel++, at += 3) {
    planes[pixel] = table[image[at] as number] as number;
    planes[pixel + plane] = table[256 + (image[at + 1] as number)] as number;
    planes[pixel + 2 * plane] = table[512 + (image[at + 2] as number)] as number;
  }
  return planes;
}
