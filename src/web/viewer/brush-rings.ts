/** Makes a region of the pixels that a brush passed over. */

import { traceRings } from '../../geometry/index.js';
import type { Extent } from './view-transform.js';

/** Is a point in pixels of the image. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Returns the outlines, within the image, of the pixels whose centers a round brush of `diameter` passed over. */
export function brushRings(
  stroke: readonly Point[],
  { image, diameter }: { image: Extent; diameter: number },
) {
  const radius = Math.max(diameter / 2, 0.75);
  const left = Math.max(0, Math.floor(Math.min(...stroke.map(({ x }) => x)) - radius));
  const top = Math.max(0, Math.floor(Math.min(...stroke.map(({ y }) => y)) - radius));
  const right = Math.min(image.width, Math.ceil(Math.max(...stroke.map(({ x }) => x)) + radius));
  const bottom = Math.min(image.height, Math.ceil(Math.max(...stroke.map(({ y }) => y)) + radius));
  const width = right - left;
  const height = bottom - top;
  if (!(width > 0 && height > 0)) return [];
  const ids = new Int32Array(width * height).fill(-1);
  for (const [index, end] of stroke.entries()) {
    const start = stroke[Math.max(0, index - 1)] as Point;
    const bound = (low: number, high: number, from: number, to: number) =>
      [Math.max(low, Math.floor(from - radius)), Math.min(high, Math.ceil(to + radius))] as const;
    const [firstY, endY] = bound(top, bottom, Math.min(start.y, end.y), Math.max(start.y, end.y));
    const [firstX, endX] = bound(left, right, Math.min(start.x, end.x), Math.max(start.x, end.x));
    for (let y = firstY; y < endY; y++)
      for (let x = firstX; x < endX; x++)
        if (distance({ x: x + 0.5, y: y + 0.5 }, { start, end }) <= radius)
          ids[(y - top) * width + x - left] = 0;
  }
  return traceRings(ids, { width, height }).map(({ ring }) =>
    ring.map((value, place) => value + (place % 2 === 0 ? left : top)),
  );
}

function distance({ x, y }: Point, { start, end }: { start: Point; end: Point }): number {
  const [dx, dy] = [end.x - start.x, end.y - start.y];
  const squared = dx * dx + dy * dy;
  const along = squared === 0 ? 0 : ((x - start.x) * dx + (y - start.y) * dy) / squared;
  const place = Math.min(1, Math.max(0, along));
  return Math.hypot(x - start.x - place * dx, y - start.y - place * dy);
}
