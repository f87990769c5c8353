/** Computes random textures as functions of place, so that each pixel is colored without its neighbors. */

/** Returns a number in [0, 1) that depends on two integers and a seed without a visible pattern. */
export function hash(x: number, y: number, seed: number): number {
  let mixed = Math.imul(x, 0x27d4eb2f) + Math.imul(y, 0x165667b1) + Math.imul(seed, 0x9e3779b1);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
}

/** Returns smooth noise in [0, 1): random at integer points, interpolated between them. */
export function smoothNoise(x: number, y: number, seed: number): number {
  const column = Math.floor(x);
  const row = Math.floor(y);
  const across = ease(x - column);
  const down = ease(y - row);
  const top = mix(hash(column, row, seed), hash(column + 1, row, seed), across);
  const bottom = mix(hash(column, row + 1, seed), hash(column + 1, row + 1, seed), across);
  return mix(top, bottom, down);
}

/** Returns three octaves of smooth noise in [0, 1): coarse shapes with finer ones on them. */
export function cloudNoise(x: number, y: number, seed: number): number {
  return (
    0.57 * smoothNoise(x, y, seed) +
    0.28 * smoothNoise(2.1 * x, 2.1 * y, seed + 1) +
    0.15 * smoothNoise(4.3 * x, 4.3 * y, seed + 2)
  );
}

/**
 * Returns how much of a pattern of this period is visible, 1 to 0, when a pixel covers `footprint` of the same unit.
 */
export function resolved(period: number, footprint: number): number {
  return Math.min(1, Math.max(0, 1.6 - (2 * footprint) / period));
}

function mix(a: number, b: number, share: number): number {
  return a + (b - a) * share;
}

function ease(t: number): number {
  return t * t * (3 - 2 * t);
}
