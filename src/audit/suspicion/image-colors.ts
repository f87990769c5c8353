/**
 * Describes the color of each pixel and of what is around it. Classes of one image often differ in color, as leaves and the sky
 * behind them do, at the scale of a pixel, where the features of a network are too coarse.
 */

import type { Size } from '../../data/index.js';

/** Holds the colors of an image. */
export interface ImageColors {
  /** Counts the numbers of a pixel: its own channels, then those of its neighborhood. */
  readonly count: number;
  /** Holds [height, width, count]. */
  readonly values: Float32Array;
}

/** Is the spread of the neighborhood, the standard deviation of a Gaussian in pixels. */
const spread = 2;
/** Is the number of pixels to each side after which the Gaussian is cut off. */
const reach = 4 * spread;

/**
 * Returns the colors of an image. Three channels are taken as sRGB and become CIE L*a*b*, whose distances are nearly those that
 * people see; others stay as they are.
 *
 * @param image the pixels [height, width, channels] from 0 to 255
 */
export function imageColors(image: Uint8Array, { width, height }: Size): ImageColors {
  const pixels = width * height;
  const channels = image.length / pixels;
  const own = channels === 3 ? labColors(image) : Float32Array.from(image);
  const around = blurred(own, { width, height, channels });
  const count = 2 * channels;
  const values = new Float32Array(pixels * count);
  for (let pixel = 0; pixel < pixels; pixel++) {
    for (let channel = 0; channel < channels; channel++) {
      const place = pixel * channels + channel;
      values[pixel * count + channel] = own[place] as number;
      values[pixel * count + channels + channel] = around[place] as number;
    }
  }
  return { count, values };
}

/** Holds the linear light of each of the 256 values of sRGB. */
const linear = Float64Array.from({ length: 256 }, (_, value) => {
  const share = value / 255;
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
});

/** Returns L*, a* and b* of sRGB colors, under the white point D65. */
function labColors(image: Uint8Array): Float32Array {
  const lab = new Float32Array(image.length);
  for (let start = 0; start < image.length; start += 3) {
    const red = linear[image[start] as number] as number;
    const green = linear[image[start + 1] as number] as number;
    const blue = linear[image[start + 2] as number] as number;
    const x = compressed((0.412453 * red + 0.35758 * green + 0.180423 * blue) / 0.950456);
    const y = compressed(0.212671 * red + 0.71516 * green + 0.072169 * blue);
    const z = compressed((0.019334 * red + 0.119193 * green + 0.950227 * blue) / 1.088754);
    lab[start] = 116 * y - 16;
    lab[start + 1] = 500 * (x - y);
    lab[start + 2] = 200 * (y - z);
  }
  return lab;
}

function compressed(light: number): number {
  return light > 0.008856 ? Math.cbrt(light) : 7.787 * light + 16 / 116;
}

/** Returns each channel after a Gaussian, with the border repeated outside. */
function blurred(
  values: Float32Array,
  { width, height, channels }: Size & { readonly channels: number },
): Float32Array {
  const kernel = Float64Array.from({ length: 2 * reach + 1 }, (_, place) =>
    Math.exp(-((place - reach) ** 2) / (2 * spread ** 2)),
  );
  const sum = kernel.reduce((total, weight) => total + weight, 0);
  const weights = kernel.map((weight) => weight / sum);
  const along = (
    source: Float32Array,
    axis: { readonly lines: number; readonly length: number; readonly line: number; readonly step: number },
  ): Float32Array => {
    const result = new Float32Array(source.length);
    for (let line = 0; line < axis.lines; line++) {
      for (let place = 0; place < axis.length; place++) {
        const to = line * axis.line + place * axis.step;
        for (let offset = -reach; offset <= reach; offset++) {
          const near = Math.min(axis.length - 1, Math.max(0, place + offset));
          const from = line * axis.line + near * axis.step;
          const weight = weights[offset + reach] as number;
          for (let channel = 0; channel < channels; channel++)
            result[to + channel] =
              (result[to + channel] as number) + weight * (source[from + channel] as number);
        }
      }
    }
    return result;
  };
  const row = width * channels;
  const across = along(values, { lines: height, length: width, line: row, step: channels });
  return along(across, { lines: width, length: height, line: channels, step: row });
}
