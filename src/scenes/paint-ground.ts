/** Colors the ground: asphalt with markings and repairs, curbs, and paving slabs. */

import { type Rgb, scaled } from './canvas.js';
import { cloudNoise, hash, resolved, smoothNoise } from './noise.js';
import { sceneLabels } from './scene-classes.js';
import { frontIndexAt, type Side, type Street } from './street.js';

/** Describes a point of the ground. */
export interface Ground {
  readonly label: number;
  /** Gives the color before light. */
  readonly color: Rgb;
}

/** A gap at least this long between two fronts, in meters, is a side street. */
const sideStreetWidth = 8;

/**
 * Returns what lies at (x, z) meters on the ground, where a pixel covers `footprint` meters, and more along the
 * street.
 */
export function groundAt(
  street: Street,
  {
    x,
    z,
    footprint,
    seed,
  }: { readonly x: number; readonly z: number; readonly footprint: number; readonly seed: number },
): Ground {
  const side = x < 0 ? street.left : street.right;
  const outside = Math.abs(x) - side.curb;
  if (outside > 0 && !isSideStreet(side, z)) {
    return {
      label: sceneLabels.pavement,
      color: pavementColor(street, { x, z, outside, footprint, seed }),
    };
  }
  return { label: sceneLabels.road, color: roadColor(street, { x, z, outside, footprint, seed }) };
}

function isSideStreet({ fronts }: Side, z: number): boolean {
  const front = fronts[frontIndexAt(fronts, z)];
  return front !== undefined && front.height === 0 && front.end - front.start >= sideStreetWidth;
}

interface Spot {
  readonly x: number;
  readonly z: number;
  /** Gives the meters beyond the curb; negative on the roadway. */
  readonly outside: number;
  readonly footprint: number;
  readonly seed: number;
}

function roadColor(street: Street, { x, z, outside, footprint, seed }: Spot): Rgb {
  const coarse = 0.84 + 0.32 * cloudNoise(x / 2.2, z / 5, seed);
  const fine = 1 + 0.34 * (smoothNoise(x * 6, z * 6, seed + 3) - 0.5) * resolved(0.25, footprint);
  // Repairs are rectangles of another asphalt.
  const repair = hash(Math.floor(x / 2.4), Math.floor(z / 5.5), seed + 7);
  const patch = repair < 0.12 ? 0.78 : repair > 0.93 ? 1.2 : 1;
  const tone = coarse * fine * patch;
  const paint =
    markingShare(street, { x, z, outside, footprint, seed }) *
    (0.62 + 0.38 * smoothNoise(x * 4, z * 2, seed + 11));
  const mixed = (channel: 0 | 1 | 2): number =>
    street.asphalt[channel] * tone + (0.82 - street.asphalt[channel] * tone) * paint;
  return [mixed(0), mixed(1), mixed(2)];
}

/** Returns the share of paint in a pixel, 0 to 1. */
function markingShare({ markings, crossing }: Street, { x, z, outside, footprint }: Spot): number {
  if (crossing !== null && z > crossing && z < crossing + 3 && outside < -0.2) {
    return Math.floor(x / 0.55) % 2 === 0 ? 0.9 : 0;
  }
  const width = 0.13;
  const faint = Math.min(1, (1.5 * width) / footprint);
  const within = Math.max(width, footprint) / 2;
  if (Math.abs(x - markings.middle) < within && Math.floor(z / markings.dash) % 2 === 0) return 0.9 * faint;
  return markings.edges && Math.abs(outside + 0.35) < within ? 0.8 * faint : 0;
}

function pavementColor({ paving, slab }: Street, { x, z, outside, footprint, seed }: Spot): Rgb {
  const stains = 0.82 + 0.36 * cloudNoise(x / 1.7, z / 2.5, seed + 13);
  if (outside < 0.22) return scaled([0.58, 0.57, 0.55], stains * (outside < 0.06 ? 0.7 : 1));
  const column = Math.floor(outside / slab);
  const row = Math.floor(z / slab + (column % 2) / 2);
  const joint = outside % slab < 0.05 || (z + ((column % 2) * slab) / 2) % slab < 0.05;
  const visible = resolved(slab, footprint);
  const tone = 1 + 0.3 * (hash(column, row, seed + 17) - 0.5) * visible;
  return scaled(paving, stains * tone * (joint ? 1 - 0.3 * visible : 1));
}
