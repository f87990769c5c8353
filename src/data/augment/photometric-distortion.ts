/**
 * Random changes of brightness, contrast, saturation and hue: mmsegmentation 0.11's PhotoMetricDistortion, with
 * OpenCV's 8-bit HSV conversions (in its 32-bit floats, so that pixels are equal to
 * OpenCV's but for the few that fused instructions round to a neighboring value).
 *
 * Brightness first, ±32 added. Then contrast (×0.5–1.5), saturation (×0.5–1.5) and hue, or saturation, hue and
 * contrast, either order with probability ½; each of the four happens with probability ½. Between any two steps the
 * image is 8-bit again: brightness, contrast and saturation compute in 32-bit floats, clip to 0–255 and drop the
 * fraction. Hue moves by a whole number from −18 to 17 of OpenCV's hue units, 180 to the circle.
 */

import { roundHalfEven } from '../images/round-half-even.js';
import type { RandomStream } from '../loader/random.js';

const brightnessDelta = 32;
const contrastRange = [0.5, 1.5] as const;
const saturationRange = [0.5, 1.5] as const;
/** In OpenCV's units of 2°, as mmsegmentation applies its `hue_delta=18`. */
const hueDelta = 18;
const hueCircle = 180;

/** A step to HSV and back: saturation through a table, hue moved around the circle of 180. */
export interface HsvChange {
  readonly saturations: Uint8Array;
  readonly hueShift: number;
}

/** What becomes of the colors of one image: a table for each byte, changes of HSV, and another table. */
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
  return { before: oneAfterTheOther(brightness, early), hsv, after: late };
}

/** Distorts pixels [height, width, 3], RGB, in place. */
export function changeColors(pixels: Uint8Array, { before, hsv, after }: ColorChanges): void {
  if (before !== null) applyTable(pixels, before);
  for (const change of hsv) changeHsv(pixels, change);
  if (after !== null) applyTable(pixels, after);
}

/** Draws changes and distorts pixels [height, width, 3], RGB, in place. */
export function distortColors(pixels: Uint8Array, random: RandomStream): void {
  changeColors(pixels, drawColorChanges(random));
}

/** One table that does what two do in turn; null where neither is. */
export function oneAfterTheOther(first: Uint8Array | null, second: Uint8Array | null): Uint8Array | null {
  if (first === null || second === null) return first ?? second;
  return first.map((value) => second[value] as number);
}

function drawContrast(random: RandomStream): Uint8Array | null {
  return random.chance(0.5) ? linearTable(random.uniform(...contrastRange), 0) : null;
}

/** v ↦ ⌊clip(factor · v + offset, 0, 255)⌋ for all 256 values, in 32-bit floats. */
export function linearTable(factor: number, offset: number): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, value) => {
    const product = Math.fround(value * Math.fround(factor));
    return Math.floor(Math.min(Math.max(Math.fround(product + Math.fround(offset)), 0), 255));
  });
}

function applyTable(pixels: Uint8Array, table: Uint8Array): void {
  for (let place = 0; place < pixels.length; place++)
    pixels[place] = table[pixels[place] as number] as number;
}

// OpenCV divides by the value and by the chroma through tables of 12-bit fixed-point reciprocals.
const shift = 12;
const half = 1 << (shift - 1);
const saturationFactors = Int32Array.from({ length: 256 }, (_, value) =>
  value === 0 ? 0 : roundHalfEven((255 << shift) / value),
);
const hueFactors = Int32Array.from({ length: 256 }, (_, chroma) =>
  chroma === 0 ? 0 : roundHalfEven((hueCircle << shift) / (6 * chroma)),
);

const { fround } = Math;
const unit = Float32Array.from({ length: 256 }, (_, value) => value * fround(1 / 255));
const hueSixths = Float32Array.from({ length: hueCircle }, (_, hue) => hue * fround(6 / hueCircle));
const sixths = Uint8Array.from(hueSixths);
const withinSixth = hueSixths.map((position) => position - Math.floor(position));

/** To 8-bit HSV, saturation through a table, hue moved around the circle, and back to 8-bit RGB, in place. */
export function changeHsv(pixels: Uint8Array, { saturations, hueShift }: HsvChange): void {
  for (let at = 0; at < pixels.length; at += 3) {
    const red = pixels[at] as number;
    const green = pixels[at + 1] as number;
    const blue = pixels[at + 2] as number;
    const value = Math.max(red, green, blue);
    const least = Math.min(red, green, blue);
    const chroma = value - least;
    const saturation = saturations[(chroma * (saturationFactors[value] as number) + half) >> shift] as number;
    if (saturation === 0) {
      pixels[at] = value;
      pixels[at + 1] = value;
      pixels[at + 2] = value;
      continue;
    }
    const sector =
      value === red ? green - blue : value === green ? blue - red + 2 * chroma : red - green + 4 * chroma;
    let hue = (sector * (hueFactors[chroma] as number) + half) >> shift;
    if (hue < 0) hue += hueCircle;
    hue += hueShift;
    if (hue < 0) hue += hueCircle;
    else if (hue >= hueCircle) hue -= hueCircle;

    const sixth = sixths[hue] as number;
    const within = withinSixth[hue] as number;
    const strength = unit[saturation] as number;
    const brightness = unit[value] as number;
    const low = toByte(brightness * fround(1 - strength));
    const falling = toByte(brightness * fround(1 - fround(strength * within)));
    const rising = toByte(brightness * fround(1 - fround(strength * fround(1 - within))));
    pixels[at] = sixth === 0 || sixth === 5 ? value : sixth === 1 ? falling : sixth === 4 ? rising : low;
    pixels[at + 1] = sixth === 1 || sixth === 2 ? value : sixth === 0 ? rising : sixth === 3 ? falling : low;
    pixels[at + 2] = sixth === 3 || sixth === 4 ? value : sixth === 2 ? rising : sixth === 5 ? falling : low;
  }
}

/** A product in [0, 1] as a byte, rounded as OpenCV rounds: adding 1.5 · 2^23 leaves no bits for a fraction. */
function toByte(product: number): number {
  return fround(fround(fround(product) * 255) + 12582912) - 12582912;
}
