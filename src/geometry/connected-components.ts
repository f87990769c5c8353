/** Finds connected regions of equal value, which an annotator would outline one by one. */

import type { Size } from '../data/index.js';

/** Describes the connected components of an image. */
export interface Components {
  /** Gives the component number of each pixel, row by row; −1 where a pixel belongs to none. */
  readonly ids: Int32Array;
  readonly count: number;
  /** Gives the value that the pixels of each component share. */
  readonly values: Int32Array;
  /** Counts the pixels of each component. */
  readonly areas: Int32Array;
  /** Holds left, top, right and bottom (inclusive) of each component, four numbers per component. */
  readonly boxes: Int32Array;
}

/**
 * Finds the components of equal value in an image [height, width], numbered by their first pixel in reading order.
 * `connectivity` 8 also joins pixels that touch at a corner; pixels of value `excluded` belong to no component.
 */
export function connectedComponents(
  values: Uint8Array | Int32Array,
  { width, height, connectivity, excluded = -1 }: Size & { connectivity: 4 | 8; excluded?: number },
): Components {
  const ids = new Int32Array(width * height).fill(-1);
  const starts: number[] = [];
  const areas: number[] = [];
  const boxes: number[] = [];
  // Runs of a row from which the component may grow, as [first pixel, last pixel].
  const waiting: number[] = [];
  const reach = connectivity === 8 ? 1 : 0;

  const claimRun = (pixel: number, id: number): number => {
    const value = values[pixel];
    const rowStart = pixel - (pixel % width);
    const rowEnd = rowStart + width - 1;
    let first = pixel;
    let last = pixel;
    while (first > rowStart && values[first - 1] === value) first--;
    while (last < rowEnd && values[last + 1] === value) last++;
    ids.fill(id, first, last + 1);
    waiting.push(first, last);
    return last;
  };

  for (let start = 0; start < ids.length; start++) {
    if (ids[start] !== -1 || values[start] === excluded) continue;
    const value = values[start];
    const id = starts.length;
    let [left, right, top, bottom, area] = [width, 0, height, 0, 0];
    claimRun(start, id);
    for (let last = waiting.pop(); last !== undefined; last = waiting.pop()) {
      const first = waiting.pop() as number;
      const y = Math.floor(first / width);
      const firstX = first - y * width;
      const lastX = last - y * width;
      area += lastX - firstX + 1;
      left = Math.min(left, firstX);
      right = Math.max(right, lastX);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
      const from = Math.max(0, firstX - reach);
      const to = Math.min(width - 1, lastX + reach);
      for (let nextY = y - 1; nextY <= y + 1; nextY += 2) {
        if (nextY < 0 || nextY >= height) continue;
        for (let pixel = nextY * width + from; pixel <= nextY * width + to; pixel++) {
          if (values[pixel] === value && ids[pixel] === -1) pixel = claimRun(pixel, id);
        }
      }
    }
    starts.push(start);
    areas.push(area);
    boxes.push(left, top, right, bottom);
  }
  return {
    ids,
    count: starts.length,
    values: Int32Array.from(starts, (start) => values[start] as number),
    areas: Int32Array.from(areas),
    boxes: Int32Array.from(boxes),
  };
}
