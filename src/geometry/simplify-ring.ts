/** Reduces the vertices of outlines, as an annotator clicks corners rather than pixels. */

import type { Ring } from './trace-rings.js';

/**
 * Simplifies an open line (x0, y0, x1, y1, ...) by Douglas–Peucker: keeps its ends and those vertices that leave every
 * dropped one within `tolerance` pixels of the segment that replaces it.
 */
export function simplifyLine(line: readonly number[], tolerance: number): number[] {
  const count = line.length / 2;
  if (count <= 2) return [...line];
  const kept = new Uint8Array(count);
  kept[0] = 1;
  kept[count - 1] = 1;
  const spans: [number, number][] = [[0, count - 1]];
  for (let span = spans.pop(); span !== undefined; span = spans.pop()) {
    const [from, to] = span;
    const farthest = farthestVertex(line, { from, to, tolerance });
    if (farthest === -1) continue;
    kept[farthest] = 1;
    spans.push([from, farthest], [farthest, to]);
  }
  return line.filter((_, place) => kept[place >> 1] === 1);
}

/**
 * Simplifies a closed ring, cut at two certain corners: the vertex farthest from its first one, and the vertex
 * farthest from that. A ring thinner than the tolerance is left with fewer than three vertices.
 */
export function simplifyRing(ring: Ring, tolerance: number): number[] {
  if (ring.length <= 6) return [...ring];
  const first = farthestFrom(ring, 0);
  const turned = [...ring.slice(2 * first), ...ring.slice(0, 2 * first)];
  const second = farthestFrom(turned, 0);
  const there = simplifyLine(turned.slice(0, 2 * second + 2), tolerance);
  const back = simplifyLine([...turned.slice(2 * second), ...turned.slice(0, 2)], tolerance);
  return [...there, ...back.slice(2, -2)];
}

/**
 * Returns the vertex between `from` and `to` that is farthest from their segment, or −1 when all are within the
 * tolerance.
 */
function farthestVertex(
  line: readonly number[],
  { from, to, tolerance }: { from: number; to: number; tolerance: number },
): number {
  const x0 = line[2 * from] as number;
  const y0 = line[2 * from + 1] as number;
  const dx = (line[2 * to] as number) - x0;
  const dy = (line[2 * to + 1] as number) - y0;
  const lengthSquared = dx * dx + dy * dy;
  let farthest = -1;
  let greatest = tolerance * tolerance;
  for (let i = from + 1; i < to; i++) {
    const x = (line[2 * i] as number) - x0;
    const y = (line[2 * i + 1] as number) - y0;
    const along = lengthSquared === 0 ? 0 : Math.min(1, Math.max(0, (x * dx + y * dy) / lengthSquared));
    const squared = (x - along * dx) ** 2 + (y - along * dy) ** 2;
    if (squared > greatest) {
      greatest = squared;
      farthest = i;
    }
  }
  return farthest;
}

function farthestFrom(ring: Ring, from: number): number {
  let best = from;
  let greatest = 0;
  for (let i = 0; 2 * i < ring.length; i++) {
    const dx = (ring[2 * i] as number) - (ring[2 * from] as number);
    const dy = (ring[2 * i + 1] as number) - (ring[2 * from + 1] as number);
    if (dx * dx + dy * dy > greatest) {
      greatest = dx * dx + dy * dy;
      best = i;
    }
  }
  return best;
}
