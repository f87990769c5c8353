/**
 * Draws random changes of brightness, contrast, saturation and hue: mmsegmentation 0.11's PhotoMetricDistortion, with
 * OpenCV's 8-bit HSV conversions.
 *
 * Brightness comes first, ±32 added. Then follow contrast (×0.5–1.5), saturation (×0.5–1.5) and hue, or saturation, hue and
 * contrast, either order with probability ½; each of the four happens with probability ½. The image is 8-bit again after
 * each step: brightness, contrast and saturation compute in 32-bit floats, clip to 0–255 and drop the fraction. Hue moves
 * by a whole number from −18 to 17 of OpenCV's units, of which the circle has 180.
 *
 * The way back from HSV rounds, as OpenCV's code for single pixels does. In rows of more than a vector's width OpenCV cuts
 * the fraction off instead, so that a third of its channels are 1 of 255 less after a change of saturation or hue (measured
 * with OpenCV 5.0: 34 % of random colors, 0.3 on average). Its last pixels of a row are rounded, and how many depends on the
 * processor; here all pixels are computed alike.
 */

import type { RandomStream } from '../random.js';

const brightnessDelta = 32;
const contrastRange = [0.5, 1.5] as const;
const saturationRange = [0.5, 1.5] as const;
// In OpenCV's units of 2°, as mmsegmentation applies its `hue_delta=18`.
const hueDelta = 18;

/** Describes a step to HSV and back: saturation goes through a table of 256, hue moves by units of 2°. */
export interface HsvChange {
  readonly saturations: Uint8Array;
  readonly hueShift: number;
}

/** Describes how the colors of one image change: by a table of 256 for each byte, by changes in HSV, and by another table. */
export interface ColorChanges {
  readonly before: Uint8Array | null;
  readonly hsv: readonly HsvChange[];
  readonly after: Uint8Array | null;
}

/** Draws the changes for one image. */
export function drawColorChanges(random: RandomStream): ColorChanges {
  const brightness = random.chance(0.5)
    ? linearTable(1, random.uniform(-brightnessDelta, brightnessDelta))
    : null;
  const contrastFirst = random.chance(0.5);
  const early = contrastFirst ? drawContrast(random) : null;
  const saturation = random.chance(0.5) ? random.uniform(...saturationRange) : null;
  const hueShift = random.chance(0.5) ? random.integer(2 * hueDelta) - hueDelta : null;
  const late = contrastFirst ? null : drawContrast(random);
  const hsv: HsvChange[] = [];
  if (saturation !== null) hsv.push({ saturations: linearTable(saturation, 0), hueShift: 0 });
  if (hueShift !== null) hsv.push({ saturations: linearTable(1, 0), hueShift });
  return { before: composeTables(brightness, early), hsv, after: late };
}

/** Returns one table that maps by `first` and then by `second`; null maps nothing. */
export function composeTables(first: Uint8Array | null, second: Uint8Array | null): Uint8Array | null {
  if (first === null || second === null) return first ?? second;
  return first.map((value) => second[value] as number);
}

function drawContrast(random: RandomStream): Uint8Array | null {
  return random.chance(0.5) ? linearTable(random.uniform(...contrastRange), 0) : null;
}

/** Returns the table v ↦ ⌊clip(factor · v + offset, 0, 255)⌋ of all 256 values, computed in 32-bit floats. */
export function linearTable(factor: number, offset: number): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, value) => {
    const product = Math.fround(value * Math.fround(factor));
    return Math.floor(Math.min(Math.max(Math.fround(product + Math.fround(offset)), 0), 255));
  });
}
