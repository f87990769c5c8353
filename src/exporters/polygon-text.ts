/** Writes corners, and paths in files of annotations. */

import { sep } from 'node:path';
import type { Ring } from '../geometry/index.js';

/** Returns the corners of a ring as pairs. */
export function pointsOf(ring: Ring): [x: number, y: number][] {
  return Array.from({ length: ring.length / 2 }, (_, place) => [
    ring[2 * place] as number,
    ring[2 * place + 1] as number,
  ]);
}

/** Returns a path with `/`, as every tool reads it. */
export function slashed(path: string): string {
  return sep === '/' ? path : path.replaceAll(sep, '/');
}
