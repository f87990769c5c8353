/**
 * Converts 8-bit pixels to the input of the networks: from each channel a mean is subtracted, and the rest is divided by a
 * standard deviation. By default these are ImageNet's, of red, green and blue.
 */

import { z } from 'zod';
import type { Size } from './size.js';

const perChannel = 'one number for each channel, on the scale from 0 to 255';

/** Validates a normalization. */
export const normalizationOptions = z
  .strictObject({
    mean: z.array(z.number()).min(1).describe(`Mean of the channels: ${perChannel}.`),
    std: z.array(z.number().positive()).min(1).describe(`Standard deviation of the channels: ${perChannel}.`),
  })
  .refine(({ mean, std }) => mean.length === std.length, {
    path: ['std'],
    error: 'expected as many numbers as mean has',
  });

/** Holds mean and standard deviation of each channel, on the scale from 0 to 255. */
export interface Normalization {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** Holds mean and standard deviation of red, green and blue over ImageNet. */
export const imageNetNormalization: Normalization = {
  mean: [123.675, 116.28, 103.53],
  std: [58.395, 57.12, 57.375],
};

const tables = new WeakMap<Normalization, Float32Array>();

/** Returns the normalized value of each byte of each channel, [channels, 256], which is computed once. */
function valueTable(normalization: Normalization): Float32Array {
  const known = tables.get(normalization);
  if (known !== undefined) return known;
  const { mean, std } = normalization;
  const table = Float32Array.from({ length: 256 * mean.length }, (_, place) => {
    const channel = place >> 8;
    return ((place & 255) - (mean[channel] as number)) / (std[channel] as number);
  });
  tables.set(normalization, table);
  return table;
}

/**
 * Returns the normalized value [channels, 256] of each byte after it was mapped by a table of 256 bytes (null maps nothing).
 */
export function normalizedValues(bytes: Uint8Array | null, normalization: Normalization): Float32Array {
  const table = valueTable(normalization);
  if (bytes === null) return table;
  return table.map((_, place) => table[(place & ~255) | (bytes[place & 255] as number)] as number);
}

/**
 * Returns a normalized image [channels, height, width] for an image [height, width, channels].
 *
 * @throws {RangeError} when the image has another number of channels than the normalization
 */
export function normalizeImage(
  image: Uint8Array,
  {
    width,
    height,
    normalization = imageNetNormalization,
  }: Size & {
    /** Is ImageNet's by default, for images of three channels. */
    readonly normalization?: Normalization;
  },
): Float32Array {
  const plane = width * height;
  const channels = normalization.mean.length;
  if (image.length !== channels * plane) {
    throw new RangeError(
      `normalizeImage: expected ${channels} channels, received ${image.length} bytes for ${width}×${height} pixels`,
    );
  }
  const table = valueTable(normalization);
  const planes = new Float32Array(channels * plane);
  if (channels === 3) {
    for (let pixel = 0, at = 0; pixel < plane; pixel++, at += 3) {
      planes[pixel] = table[image[at] as number] as number;
      planes[pixel + plane] = table[256 + (image[at + 1] as number)] as number;
      planes[pixel + 2 * plane] = table[512 + (image[at + 2] as number)] as number;
    }
    return planes;
  }
  for (let channel = 0; channel < channels; channel++) {
    const values = table.subarray(256 * channel, 256 * (channel + 1));
    const target = planes.subarray(channel * plane, (channel + 1) * plane);
    for (let pixel = 0, at = channel; pixel < plane; pixel++, at += channels) {
      target[pixel] = values[image[at] as number] as number;
    }
  }
  return planes;
}
