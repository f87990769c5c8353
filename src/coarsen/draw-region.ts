/** Draws one region: as a polygon away from its border, or, when it is long and thin, as a thin stroke along it. */

import type { RandomStream, Size } from '../data/index.js';
import { type Ring, simplifyLine, simplifyRing, type TracedRing } from '../geometry/index.js';

/** Sets how a polygon departs from its outline. */
export interface PolygonStyle {
  /** Limits the distance of a dropped vertex from the polygon, in pixels. */
  readonly tolerance: number;
  /** Sets the standard deviation of each vertex's displacement, in pixels. */
  readonly jitter: number;
  /** Paints over holes of fewer pixels. */
  readonly holeArea: number;
}

// Limits the width at the upper quartile to this multiple of the median: a wedge exceeds it, a sign on its post does
// not.
const unevenness = 1.4;

/** Returns the rings of one region as an annotator would click them; none when nothing of the region is left. */
export function drawPolygon(
  traced: readonly TracedRing[],
  { tolerance, jitter, holeArea, random }: PolygonStyle & { random: RandomStream },
): Ring[] {
  return traced
    .filter(({ area }) => area > 0 || -area >= holeArea)
    .map(({ ring }) => jitterRing(simplifyRing(ring, tolerance), { jitter, random }))
    .filter((ring) => ring.length >= 6);
}

/**
 * Returns a strip along a long, thin region: the middle of its runs across the long side, simplified, at `widthShare`
 * of the median run, and at least one pixel wide. Returns null when the region is usually wider than `limit` pixels,
 * less than `elongation` times as long as wide, or tapered.
 */
export function drawStroke(
  ids: Int32Array,
  {
    id,
    box: [left, top, right, bottom],
    limit,
    width,
    elongation,
    widthShare,
    jitterShare,
    random,
  }: Pick<Size, 'width'> & {
    id: number;
    box: readonly [number, number, number, number];
    limit: number;
    elongation: number;
    widthShare: number;
    jitterShare: number;
    random: RandomStream;
  },
): Ring | null {
  const upright = bottom - top >= right - left;
  const [firstLine, lastLine, firstPlace, lastPlace] = upright
    ? [top, bottom, left, right]
    : [left, right, top, bottom];
  const along: number[] = [];
  const middles: number[] = [];
  const runs: number[] = [];
  for (let line = firstLine; line <= lastLine; line++) {
    const run = runNearest(middles.at(-1), {
      first: firstPlace,
      last: lastPlace,
      inside: (place) => ids[upright ? line * width + place : place * width + line] === id,
    });
    if (run === null) continue;
    along.push(line + 0.5);
    middles.push((run[0] + run[1]) / 2);
    runs.push(run[1] - run[0]);
  }
  const sorted = runs.toSorted((a, b) => a - b);
  const thickness = sorted[sorted.length >> 1] ?? 0;
  const even = (sorted[Math.floor(0.75 * sorted.length)] ?? 0) <= unevenness * thickness;
  if (!even || thickness > limit || lastLine - firstLine + 1 < elongation * thickness) return null;

  // The stroke is shorter than the region at both ends, as it is narrower on both sides.
  const short = Math.min(along.length >> 2, Math.round(thickness * (1 - widthShare)));
  const line: number[] = [];
  for (let i = short; i < along.length - short; i++) line.push(middles[i] as number, along[i] as number);
  // The stroke runs from the start of the first pixel to the end of the last.
  line[1] = (line[1] as number) - 0.5;
  line[line.length - 1] = (line.at(-1) as number) + 0.5;
  const middle = pairs(simplifyLine(line, Math.max(1, thickness / 2)));
  const half = Math.max(0.5, (thickness * widthShare) / 2);
  const shaken = middle.map(([across, place]): [number, number] => [
    across + thickness * jitterShare * random.normal(),
    place,
  ]);
  const outline = [
    ...shaken.map(([across, place]) => [across - half, place] as const),
    ...shaken.toReversed().map(([across, place]) => [across + half, place] as const),
  ];
  return outline.flatMap(([across, place]) => (upright ? [across, place] : [place, across]));
}

/** Returns the run of inside places, as [start, end), that is nearest to `near`; without `near` the longest one. */
function runNearest(
  near: number | undefined,
  { first, last, inside }: { first: number; last: number; inside: (place: number) => boolean },
): readonly [number, number] | null {
  let best: readonly [number, number] | null = null;
  let bestScore = Number.POSITIVE_INFINITY;
  for (let place = first; place <= last; place++) {
    if (!inside(place)) continue;
    const start = place;
    while (place <= last && inside(place)) place++;
    const score = near === undefined ? start - place : Math.abs((start + place) / 2 - near);
    if (score < bestScore) {
      bestScore = score;
      best = [start, place];
    }
  }
  return best;
}

function jitterRing(ring: Ring, { jitter, random }: { jitter: number; random: RandomStream }): number[] {
  return ring.map((coordinate) => coordinate + jitter * random.normal());
}

function pairs(ring: Ring): [number, number][] {
  return Array.from({ length: ring.length / 2 }, (_, i) => [
    ring[2 * i] as number,
    ring[2 * i + 1] as number,
  ]);
}
