/**
 * Computes in TypeScript what the engine must equal to the last bit: resizing and color changes as OpenCV does them, and an
 * augmented sample made of them.
 */

import { imageNetNormalization } from 'coarsely/data';
import type { AugmentationDraw } from '#data/augment/augment-sample.js';
import type { ColorChanges, HsvChange } from '#data/augment/color-changes.js';
import { imageTaps, labelTaps, type ResizedRegion, roundHalfEven } from '#data/augment/resize-taps.js';
import type { Size } from '#data/images/size.js';

/** Equals the sum of the two weights of a resized pixel. */
const weightOne = 2048;

/** Returns the image [3, H, W] and labels [H, W] of the sample that was drawn from a whole image. */
export function augment(
  { region, colors, cropSize: [height, width] }: AugmentationDraw,
  { image, labels }: { readonly image: Uint8Array; readonly labels: Uint8Array },
): { readonly image: Float32Array; readonly labels: Uint8Array } {
  const output = {
    image: new Float32Array(3 * height * width),
    labels: new Uint8Array(height * width).fill(255),
  };
  const pixels = resizeImageRegion(image, region);
  changeColors(pixels, colors);
  normalizeInto(output.image, { pixels, size: region.window, planeSize: { width, height } });
  resizeLabelRegion(labels, { ...region, into: output.labels, rowLength: width });
  return output;
}

/** Returns the window [window.height, window.width, 3] of a resized RGB image [height, width, 3]: OpenCV's INTER_LINEAR. */
export function resizeImageRegion(image: Uint8Array, region: ResizedRegion): Uint8Array {
  const { source, window } = region;
  const { columns, rows } = imageTaps(region);
  const rowLength = window.width * 3;
  const result = new Uint8Array(window.height * rowLength);

  // Horizontally interpolated source rows are kept while the following rows need them.
  let upper = new Int32Array(rowLength);
  let lower = new Int32Array(rowLength);
  let upperRow = -1;
  let lowerRow = -1;
  const interpolate = (row: number, target: Int32Array): void => {
    const start = row * source.width * 3;
    for (let x = 0, out = 0; x < window.width; x++, out += 3) {
      const a = start + 3 * (columns.before[x] as number);
      const b = start + 3 * (columns.after[x] as number);
      const weight = columns.weights[x] as number;
      const rest = weightOne - weight;
      target[out] = (image[a] as number) * rest + (image[b] as number) * weight;
      target[out + 1] = (image[a + 1] as number) * rest + (image[b + 1] as number) * weight;
      target[out + 2] = (image[a + 2] as number) * rest + (image[b + 2] as number) * weight;
    }
  };

  for (let y = 0; y < window.height; y++) {
    const first = rows.before[y] as number;
    const second = rows.after[y] as number;
    if (first === lowerRow) {
      [upper, lower] = [lower, upper];
      [upperRow, lowerRow] = [lowerRow, upperRow];
    }
    if (first !== upperRow) {
      interpolate(first, upper);
      upperRow = first;
    }
    if (second !== lowerRow) {
      if (second === upperRow) lower.set(upper);
      else interpolate(second, lower);
      lowerRow = second;
    }
    const weight = rows.weights[y] as number;
    const rest = weightOne - weight;
    const at = y * rowLength;
    for (let x = 0; x < rowLength; x++) {
      const above = (((upper[x] as number) >> 4) * rest) >> 16;
      const below = (((lower[x] as number) >> 4) * weight) >> 16;
      result[at + x] = (above + below + 2) >> 2;
    }
  }
  return result;
}

/** Writes the window of a resized label map into a map whose rows are `rowLength` long: OpenCV's INTER_NEAREST. */
export function resizeLabelRegion(
  labels: Uint8Array,
  region: ResizedRegion & { readonly into: Uint8Array; readonly rowLength: number },
): void {
  const { source, window, into, rowLength } = region;
  const { columns, rows } = labelTaps(region);
  for (let y = 0; y < window.height; y++) {
    const start = (rows[y] as number) * source.width;
    const out = y * rowLength;
    for (let x = 0; x < window.width; x++) into[out + x] = labels[start + (columns[x] as number)] as number;
  }
}

/** Distorts pixels [height, width, 3], RGB, in place. */
export function changeColors(pixels: Uint8Array, { before, hsv, after }: ColorChanges): void {
  if (before !== null) applyTable(pixels, before);
  for (const change of hsv) changeHsv(pixels, change);
  if (after !== null) applyTable(pixels, after);
}

function applyTable(pixels: Uint8Array, table: Uint8Array): void {
  for (let place = 0; place < pixels.length; place++)
    pixels[place] = table[pixels[place] as number] as number;
}

const hueCircle = 180;

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

/** Converts to 8-bit HSV, maps saturation by a table, moves hue around the circle, and converts back to RGB, in place. */
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

/** Returns a product in [0, 1] as a byte, rounded as OpenCV rounds: adding 1.5 · 2^23 leaves no bits for a fraction. */
function toByte(product: number): number {
  return fround(fround(fround(product) * 255) + 12582912) - 12582912;
}

/** Writes normalized pixels [size.height, size.width, 3] into the top left corner of planes [3, height, width]. */
function normalizeInto(
  planes: Float32Array,
  { pixels, size, planeSize }: { readonly pixels: Uint8Array; readonly size: Size; readonly planeSize: Size },
): void {
  const plane = planeSize.width * planeSize.height;
  for (let at = 0; at < pixels.length; at++) {
    const [pixel, channel] = [Math.floor(at / 3), at % 3];
    const [x, y] = [pixel % size.width, Math.floor(pixel / size.width)];
    const value =
      ((pixels[at] as number) - (imageNetNormalization.mean[channel] as number)) /
      (imageNetNormalization.std[channel] as number);
    planes[channel * plane + y * planeSize.width + x] = value;
  }
}
