/**
 * Computes which source pixels each pixel of a resized image is made of, equal to OpenCV to the last bit. INTER_LINEAR on 8
 * bits weighs two source pixels in each direction (half-pixel centers, no antialiasing, 11-bit weights); INTER_NEAREST takes
 * the pixel at the floor of the scaled coordinate.
 */

import { constants } from '../../torch/internal.js';
import type { Size } from '../images/size.js';

/** Describes a rectangle of a resized image, in pixels. */
export interface CropWindow extends Size {
  readonly left: number;
  readonly top: number;
}

/** Describes what is computed: `window` of an image of size `source` resized to `scaled`, mirrored left to right or not. */
export interface ResizedRegion {
  readonly source: Size;
  readonly scaled: Size;
  readonly window: CropWindow;
  readonly mirrored: boolean;
}

const { resizeWeightOne } = constants;

/** Holds, for each pixel along one axis, two source pixels and the weight of the second. The three parts are views of `all`. */
export interface LinearTaps {
  readonly all: Int32Array;
  readonly before: Int32Array;
  readonly after: Int32Array;
  readonly weights: Int32Array;
}

interface Axis {
  readonly source: number;
  readonly scaled: number;
  /** Gives the first pixel of the window. */
  readonly start: number;
  readonly length: number;
}

/** Returns the taps of an image's columns, from right to left when mirrored, and of its rows. */
export function imageTaps(region: ResizedRegion): {
  readonly columns: LinearTaps;
  readonly rows: LinearTaps;
} {
  const { horizontal, vertical } = axesOf(region);
  const columns = linearTaps(horizontal);
  for (let x = 0; x < horizontal.length; x++) {
    // OpenCV uses the border pixel alone at both ends of a row.
    if (columns.before[x] === columns.after[x]) columns.weights[x] = 0;
  }
  if (region.mirrored) for (const table of [columns.before, columns.after, columns.weights]) table.reverse();
  return { columns, rows: linearTaps(vertical) };
}

/** Returns the source columns of a label map, from right to left when mirrored, and its source rows. */
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
    weights[index] = roundHalfEven(Math.fround(position - tap) * resizeWeightOne);
  }
  return { all, before, after, weights };
}

/** Rounds to the nearest integer and ties to the even one, as OpenCV does. */
export function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  const fraction = value - below;
  return fraction > 0.5 || (fraction === 0.5 && below % 2 !== 0) ? below + 1 : below;
}
