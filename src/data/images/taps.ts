/**
 * Where each pixel of a resized image comes from, as OpenCV has it: INTER_LINEAR on 8 bits takes two source pixels with
 * weights of 11 bits (half-pixel centers, no antialiasing), INTER_NEAREST the one at the floor of the scaled coordinate.
 */

import type { ResizedRegion } from './region.js';
import { roundHalfEven } from './round-half-even.js';

const weightBits = 11;
/** What the weights of a pixel's two sources add up to. */
export const weightOne = 1 << weightBits;

/** For each pixel along one axis: two source pixels, and the weight of the second. Three views of `all`. */
export interface LinearTaps {
  readonly all: Int32Array;
  readonly before: Int32Array;
  readonly after: Int32Array;
  readonly weights: Int32Array;
}

interface Axis {
  readonly source: number;
  readonly scaled: number;
  /** The first pixel of the window. */
  readonly start: number;
  readonly length: number;
}

/** The taps of a window of a resized image; mirrored, its columns from the right to the left. */
export function imageTaps(region: ResizedRegion): {
  readonly columns: LinearTaps;
  readonly rows: LinearTaps;
} {
  const { horizontal, vertical } = axesOf(region);
  const columns = linearTaps(horizontal);
  for (let x = 0; x < horizontal.length; x++) {
    // At both ends OpenCV takes the border pixel of a row alone.
    if (columns.before[x] === columns.after[x]) columns.weights[x] = 0;
  }
  if (region.mirrored) for (const table of [columns.before, columns.after, columns.weights]) table.reverse();
  return { columns, rows: linearTaps(vertical) };
}

/** The source columns and rows of a window of a resized label map; mirrored, its columns from right to left. */
export function labelTaps(region: ResizedRegion): {
  readonly columns: Int32Array;
  readonly rows: Int32Array;
} {
  const { horizontal, vertical } = axesOf(region);
  const columns = nearestTaps(horizontal);
  if (region.mirrored) columns.reverse();
  return { columns, rows: nearestTaps(vertical) };
}

function axesOf({ source, scaled, window }: ResizedRegion): {
  readonly horizontal: Axis;
  readonly vertical: Axis;
} {
  return {
    horizontal: { source: source.width, scaled: scaled.width, start: window.left, length: window.width },
    vertical: { source: source.height, scaled: scaled.height, start: window.top, length: window.height },
  };
}

function nearestTaps({ source, scaled, start, length }: Axis): Int32Array {
  const scale = 1 / (scaled / source);
  const taps = new Int32Array(length);
  for (let index = 0; index < length; index++) {
    taps[index] = Math.min(Math.floor((start + index) * scale), source - 1);
  }
  return taps;
}

function linearTaps({ source, scaled, start, length }: Axis): LinearTaps {
  const scale = 1 / (scaled / source);
  const all = new Int32Array(3 * length);
  const [before, after, weights] = [0, 1, 2].map((part) =>
    all.subarray(part * length, (part + 1) * length),
  ) as [Int32Array, Int32Array, Int32Array];
  const inside = (tap: number): number => Math.min(Math.max(tap, 0), source - 1);
  for (let index = 0; index < length; index++) {
    const position = Math.fround((start + index + 0.5) * scale - 0.5);
    const tap = Math.floor(position);
    before[index] = inside(tap);
    after[index] = inside(tap + 1);
    weights[index] = roundHalfEven(Math.fround(position - tap) * weightOne);
  }
  return { all, before, after, weights };
}
