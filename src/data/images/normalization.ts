/** From 8-bit RGB to what the networks take: ImageNet's mean and deviation removed, one plane for each channel. */

import type { Size } from './region.js';

/** Mean of red, green and blue over ImageNet, on the 0–255 scale. */
export const imageMean = [123.675, 116.28, 103.53] as const;
/** Standard deviation of red, green and blue over ImageNet, on the 0–255 scale. */
export const imageDeviation = [58.395, 57.12, 57.375] as const;

// A channel has only 256 values, each normalized once: three tables of 256.
const table = Float32Array.from({ length: 768 }, (_, place) => {
  const channel = place >> 8;
  return ((place & 255) - (imageMean[channel] as number)) / (imageDeviation[channel] as number);
});

/** What each byte becomes, [3, 256], after it went through a table of bytes. */
export function normalizedValues(bytes: Uint8Array | null): Float32Array {
  if (bytes === null) return table;
  return table.map((_, place) => table[(place & 0x300) | (bytes[place & 255] as number)] as number);
}

/**
 * Writes pixels [size.height, size.width, 3] into the top left corner of planes [3, planeSize.height, planeSize.width];
 * the rest of the planes is left as it is.
 */
export function normalize(
  pixels: Uint8Array,
  options: { readonly size: Size; readonly into: Float32Array; readonly planeSize: Size },
): void {
  const { size, into, planeSize } = options;
  const plane = planeSize.width * planeSize.height;
  for (let y = 0, at = 0; y < size.height; y++) {
    let out = y * planeSize.width;
    for (let x = 0; x < size.width; x++, at += 3, out++) {
      into[out] = table[pixels[at] as number] as number;
      into[out + plane] = table[256 + (pixels[at + 1] as number)] as number;
      into[out + 2 * plane] = table[512 + (pixels[at + 2] as number)] as number;
    }
  }
}

/** A whole image [height, width, 3] as [3, height, width], normalized: the input of evaluation and prediction. */
export function normalizeImage(image: Uint8Array, size: Size): Float32Array {
  const into = new Float32Array(3 * size.width * size.height);
  normalize(image, { size, into, planeSize: size });
  return into;
}
