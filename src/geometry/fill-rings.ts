/** Paints polygons into a label image. */

import type { Size } from '../data/index.js';
import type { Ring } from './trace-rings.js';

/**
 * Sets every pixel whose center is inside the rings to `value`, in an image [height, width]. The even–odd rule
 * applies, so a ring inside a ring is a hole; parts outside the image are cut off.
 */
export function fillRings(
  target: Uint8Array,
  { rings, value, width, height }: Size & { rings: readonly Ring[]; value: number },
): void {
  visitSpans(rings, { width, height }, (start, end) => {
    target.fill(value, start, end);
  });
}

/**
 * Calls `visit` with each span of pixels that `fillRings` would paint, row by row: the places of its first pixel and of the
 * one behind its last, in reading order.
 */
export function visitSpans(
  rings: readonly Ring[],
  { width, height }: Size,
  visit: (start: number, end: number) => void,
): void {
  const crossings: number[][] = [];
  let firstRow = height;
  for (const ring of rings) {
    for (let i = 0; i < ring.length; i += 2) {
      const next = (i + 2) % ring.length;
      const upward = (ring[i + 1] as number) > (ring[next + 1] as number);
      const [from, to] = upward ? [next, i] : [i, next];
      const [x0, y0] = [ring[from] as number, ring[from + 1] as number];
      const [x1, y1] = [ring[to] as number, ring[to + 1] as number];
      const start = Math.max(0, Math.ceil(y0 - 0.5));
      const end = Math.min(height, Math.ceil(y1 - 0.5));
      firstRow = Math.min(firstRow, start);
      for (let row = start; row < end; row++) {
        const crossing = x0 + ((row + 0.5 - y0) / (y1 - y0)) * (x1 - x0);
        const list = crossings[row];
        if (list === undefined) crossings[row] = [crossing];
        else list.push(crossing);
      }
    }
  }
  for (let row = firstRow; row < crossings.length; row++) {
    const list = crossings[row];
    if (list === undefined) continue;
    list.sort((a, b) => a - b);
    for (let i = 0; i + 1 < list.length; i += 2) {
      const start = Math.max(0, Math.ceil((list[i] as number) - 0.5));
      const end = Math.min(width, Math.ceil((list[i + 1] as number) - 0.5));
      if (start < end) visit(row * width + start, row * width + end);
    }
  }
}
