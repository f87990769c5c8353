/** Measures distances between candidates in the image. */

import type { CandidateGrid } from '../candidates.js';

/** Returns the distance in pixels that counts as near: a twentieth of the side of a square as large as the image. */
export function imageReach({ width, height }: CandidateGrid): number {
  return Math.sqrt(width * height) / 20;
}

/** Returns the distance of two candidates in pixels. */
export function distanceInImage(
  one: number,
  other: number,
  { width, height, rows, columns }: CandidateGrid,
): number {
  const across = ((one % columns) - (other % columns)) * (width / columns);
  const down = (Math.floor(one / columns) - Math.floor(other / columns)) * (height / rows);
  return Math.hypot(across, down);
}
