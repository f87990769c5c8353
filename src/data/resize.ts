/**
 * Resizing as OpenCV does it, restricted to a window of the result, so that a crop of an enlarged image costs only
 * the crop. Images: INTER_LINEAR on 8 bits (half-pixel centres, no antialiasing, 11-bit fixed-point weights). Labels:
 * INTER_NEAREST (the source pixel at the floor of the scaled coordinate).
 */

import { roundHalfEven } from './round-half-even.js';

/** Width and height in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A rectangle in the resized image. */
export interface CropWindow extends Size {
  readonly left: number;
  readonly top: number;
}

/** What is to be computed: `window` of an image of size `source` resized to `scaled`, mirrored left to right or not. */
export interface ResizedRegion {
  readonly source: Size;
  readonly scaled: Size;
  readonly window: CropWindow;
  readonly mirrored: boolean;
}

const weightBits = 11;
const weightOne = 1 << weightBits;

/**
 * The size of an image fitted into `limits`, aspect kept, as mmcv's `imrescale`: the longer of both limits bounds the
 * longer edge, the shorter bounds the shorter, whichever way the image lies.
 */
export function scaledToFit({ width, height }: Size, limits: readonly [number, number]): Size {
  const factor = Math.min(
    Math.max(...limits) / Math.max(width, height),
    Math.min(...limits) / Math.min(width, height),
  );
  // An image never vanishes, however small the ratio.
  const scale = (edge: number): number => Math.max(1, Math.floor(edge * factor + 0.5));
  return { width: scale(width), height: scale(height) };
}

/** The window of the resized RGB image: [window.height, window.width, 3], from [height, width, 3]. */
export function resizeImageRegion(image: Uint8Array, region: ResizedRegion): Uint8Array {
  const { source, scaled, window } = region;
  const columns = linearTaps(source.width, scaled.width, { start: window.left, length: window.width });
  const rows = linearTaps(source.height, scaled.height, { start: window.top, length: window.height });
  if (region.mirrored) for (const table of Object.values(columns)) table.reverse();
  const rowLength = window.width * 3;
  const result = new Uint8Array(window.height * rowLength);
  const lastColumn = source.width - 1;
  const lastRow = source.height - 1;

  // For each column the places of both its pixels in a row; at both ends OpenCV takes the border pixel alone.
  const before = new Int32Array(window.width);
  const after = new Int32Array(window.width);
  for (let x = 0; x < window.width; x++) {
    const tap = columns.taps[x] as number;
    const inside = tap >= 0 && tap < lastColumn;
    const first = Math.min(Math.max(tap, 0), lastColumn);
    before[x] = first * 3;
    after[x] = (inside ? first + 1 : first) * 3;
    if (!inside) columns.weights[x] = 0;
  }

  // Source rows interpolated horizontally, kept while the rows that follow need them.
  let upper = new Int32Array(rowLength);
  let lower = new Int32Array(rowLength);
  let upperRow = -1;
  let lowerRow = -1;
  const interpolate = (row: number, target: Int32Array): void => {
    const start = row * source.width * 3;
    for (let x = 0, out = 0; x < window.width; x++, out += 3) {
      const a = start + (before[x] as number);
      const b = start + (after[x] as number);
      const weight = columns.weights[x] as number;
      const rest = weightOne - weight;
      target[out] = (image[a] as number) * rest + (image[b] as number) * weight;
      target[out + 1] = (image[a + 1] as number) * rest + (image[b + 1] as number) * weight;
      target[out + 2] = (image[a + 2] as number) * rest + (image[b + 2] as number) * weight;
    }
  };

  for (let y = 0; y < window.height; y++) {
    const tap = rows.taps[y] as number;
    const first = Math.min(Math.max(tap, 0), lastRow);
    const second = Math.min(Math.max(tap + 1, 0), lastRow);
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

/** The window of the resized label map, written row by row into a map whose rows are `rowLength` long. */
export function resizeLabelRegion(
  labels: Uint8Array,
  region: ResizedRegion & { readonly into: Uint8Array; readonly rowLength: number },
): void {
  const { source, scaled, window, into, rowLength } = region;
  const columns = nearestTaps(source.width, scaled.width, { start: window.left, length: window.width });
  const rows = nearestTaps(source.height, scaled.height, { start: window.top, length: window.height });
  if (region.mirrored) columns.reverse();
  for (let y = 0; y < window.height; y++) {
    const start = (rows[y] as number) * source.width;
    const out = y * rowLength;
    for (let x = 0; x < window.width; x++) into[out + x] = labels[start + (columns[x] as number)] as number;
  }
}

/** The source pixel nearest to each of `length` pixels from `start` on, by OpenCV's INTER_NEAREST. */
export function nearestTaps(
  sourceLength: number,
  scaledLength: number,
  { start, length }: { readonly start: number; readonly length: number },
): Int32Array {
  const scale = 1 / (scaledLength / sourceLength);
  const taps = new Int32Array(length);
  for (let index = 0; index < length; index++) {
    taps[index] = Math.min(Math.floor((start + index) * scale), sourceLength - 1);
  }
  return taps;
}

/** For each pixel, the source pixel before its centre (may lie outside) and the weight of the one after, of 2048. */
function linearTaps(
  sourceLength: number,
  scaledLength: number,
  { start, length }: { readonly start: number; readonly length: number },
): { readonly taps: Int32Array; readonly weights: Int32Array } {
  const scale = 1 / (scaledLength / sourceLength);
  const taps = new Int32Array(length);
  const weights = new Int32Array(length);
  for (let index = 0; index < length; index++) {
    const position = Math.fround((start + index + 0.5) * scale - 0.5);
    const tap = Math.floor(position);
    taps[index] = tap;
    weights[index] = roundHalfEven(Math.fround(position - tap) * weightOne);
  }
  return { taps, weights };
}
