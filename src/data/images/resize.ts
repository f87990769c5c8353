/**
 * Resizing as OpenCV does it, restricted to a window of the result, so that a crop of an enlarged image costs only
 * the crop. Images: INTER_LINEAR on 8 bits (half-pixel centers, no antialiasing, 11-bit fixed-point weights). Labels:
 * INTER_NEAREST (the source pixel at the floor of the scaled coordinate).
 */

import type { ResizedRegion, Size } from './region.js';
import { imageTaps, labelTaps, weightOne } from './taps.js';

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

/**
 * The window of the resized RGB image: [window.height, window.width, 3], from [height, width, 3], or from the rows of it
 * that are needed when these begin with `firstRow`.
 */
export function resizeImageRegion(
  image: Uint8Array,
  { firstRow = 0, ...region }: ResizedRegion & { readonly firstRow?: number },
): Uint8Array {
  const { source, window } = region;
  const { columns, rows } = imageTaps(region);
  const rowLength = window.width * 3;
  const result = new Uint8Array(window.height * rowLength);

  // Source rows interpolated horizontally, kept while the rows that follow need them.
  let upper = new Int32Array(rowLength);
  let lower = new Int32Array(rowLength);
  let upperRow = -1;
  let lowerRow = -1;
  const interpolate = (row: number, target: Int32Array): void => {
    const start = (row - firstRow) * source.width * 3;
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

/** The window of the resized label map, written row by row into a map whose rows are `rowLength` long. */
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
