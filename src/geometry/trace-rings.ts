/** Traces the outlines of regions along the edges between pixels. */

import type { Size } from '../data/index.js';

/** Holds a closed polygon as x0, y0, x1, y1, ... in pixel-corner coordinates ([0, width] × [0, height]). */
export type Ring = readonly number[];

/** Holds one outline of a region. */
export interface TracedRing {
  /** Identifies the region on the ring's inner side. */
  readonly id: number;
  readonly ring: Ring;
  /** Counts the enclosed pixels; negative for the outline of a hole. */
  readonly area: number;
}

// East, south, west, north: a right turn adds 1.
const stepX = [1, 0, -1, 0];
const stepY = [0, 1, 0, -1];

/**
 * Returns all outlines of the regions in `ids` (−1 for no region), outer ones and holes, with vertices only where they
 * turn. Regions are 4-connected: where two pixels of a region touch only at a corner, the outline separates them.
 */
export function traceRings(ids: Int32Array, { width, height }: Size): TracedRing[] {
  const seen = new Uint8Array(width * height);
  const at = (x: number, y: number): number =>
    x < 0 || y < 0 || x >= width || y >= height ? -1 : (ids[y * width + x] as number);
  const rings: TracedRing[] = [];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const id = ids[y * width + x] as number;
      // Every outline runs east along the top of some pixel of its region, so these edges find all outlines.
      if (id === -1 || seen[y * width + x] === 1 || at(x, y - 1) === id) continue;
      rings.push(traceRing(id, { x, y, width, at, seen }));
    }
  }
  return rings;
}

function traceRing(
  id: number,
  start: {
    x: number;
    y: number;
    width: number;
    at: (x: number, y: number) => number;
    seen: Uint8Array;
  },
): TracedRing {
  const { width, at, seen } = start;
  const ring: number[] = [];
  let { x, y } = start;
  let direction = 0;
  let doubleArea = 0;
  do {
    if (direction === 0) seen[y * width + x] = 1;
    const nextX = x + (stepX[direction] as number);
    const nextY = y + (stepY[direction] as number);
    doubleArea += x * nextY - nextX * y;
    x = nextX;
    y = nextY;
    // The region is on the right. Of the two pixels ahead, the right one decides first, which separates pixels that
    // touch only at a corner.
    const rightX = direction === 0 || direction === 3 ? x : x - 1;
    const rightY = direction === 0 || direction === 1 ? y : y - 1;
    const leftX = direction === 0 || direction === 1 ? x : x - 1;
    const leftY = direction === 1 || direction === 2 ? y : y - 1;
    let turn = 0;
    if (at(rightX, rightY) !== id) turn = 1;
    else if (at(leftX, leftY) === id) turn = 3;
    if (turn !== 0) ring.push(x, y);
    direction = (direction + turn) % 4;
  } while (x !== start.x || y !== start.y || direction !== 0);
  return { id, ring, area: doubleArea / 2 };
}
