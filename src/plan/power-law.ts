/**
 * Fits learning curves by power laws, mIoU(n) = a − b·(n + s)^−c, as Mahmood et al. (How Much More Data Do I Need?, CVPR
 * 2022) do for curves over images, with s = 0. A curve that begins at n = 0, such as points beside coarse labels, has a
 * finite start and therefore a shift s, which is fitted too.
 */

import { OperationError } from '../errors/index.js';

/** Describes the curve mIoU(n) = limit − drop · (n + shift)^−rate. */
export interface PowerLaw {
  /** Is the mIoU that the curve approaches, a: between 0 and 1. */
  readonly limit: number;
  /** Is the distance to the limit at n + shift = 1, b: at least 0, except with a shift, where labels can do harm. */
  readonly drop: number;
  /** Says how fast the distance falls, c: between 0.05 and 2. */
  readonly rate: number;
  /** Is s, in units of n; 0 for curves over images. */
  readonly shift: number;
}

/** Holds the mean score of each count, with the weight that it has in the fit. */
export interface CurvePoint {
  readonly count: number;
  /** Is the mIoU, between 0 and 1. */
  readonly score: number;
  /** Is 1 by default; a point of weight 0 is left out. */
  readonly weight?: number;
}

/** Bounds the rate: outside of it, a curve over a few octaves is a straight line or a step. */
const rates = { least: 0.05, most: 2, count: 40 } as const;
/** Gives the shifts that are tried, as parts of the greatest count. */
const shifts = { least: 1e-3, most: 1, count: 16 } as const;

/** Returns the mIoU that a power law gives for a count. */
export function powerLawAt({ limit, drop, rate, shift }: PowerLaw, count: number): number {
  return limit - drop * (count + shift) ** -rate;
}

/**
 * Returns the power law of least squared error with 0 ≤ a ≤ 1 and 0.05 ≤ c ≤ 2, and b ≥ 0 where there is no shift. For each rate, and shift, the best a
 * and b are known in closed form; the rate is searched on a grid and then refined.
 *
 * @param options.shifted fits a shift above 0, which a curve with a point at count 0 needs; false by default
 * @throws {OperationError} when there are points of fewer than three counts, or a count of 0 without `shifted`
 */
export function fitPowerLaw(
  given: readonly CurvePoint[],
  { shifted = false }: { readonly shifted?: boolean } = {},
): PowerLaw {
  const points = given.filter(({ weight = 1 }) => weight > 0);
  const counts = new Set(points.map(({ count }) => count));
  if (counts.size < 3 || (!shifted && counts.has(0))) {
    throw new OperationError(
      `fitPowerLaw: expected points of at least three ${shifted ? '' : 'positive '}counts, received ${[...counts].join(', ')}`,
    );
  }
  const greatest = Math.max(...counts);
  const tried = shifted
    ? geometric(shifts.count, { from: shifts.least * greatest, to: shifts.most * greatest })
    : [0];
  const step = (rates.most / rates.least) ** (1 / (rates.count - 1));
  let best = candidate(points, { rate: rates.least, shift: tried[0] as number });
  const consider = (rate: number, shift: number) => {
    const bounded = Math.min(rates.most, Math.max(rates.least, rate));
    const other = candidate(points, { rate: bounded, shift });
    if (other.error < best.error) best = other;
  };
  for (const shift of tried) {
    for (const rate of geometric(rates.count, { from: rates.least, to: rates.most })) consider(rate, shift);
  }
  // Halving the distance to the neighbors brings rate, and shift, to six digits.
  const shiftStep = tried.length > 1 ? (tried[1] as number) / (tried[0] as number) : 1;
  for (let width = 0.5; width > 1e-4; width *= 0.7) {
    const { rate, shift } = best.law;
    for (const sign of [-1, 1]) {
      consider(rate * step ** (sign * width), shift);
      if (shiftStep > 1) consider(rate, shift * shiftStep ** (sign * width));
    }
  }
  return best.law;
}

/** Returns the best a and b for a rate and a shift, and their squared error. */
function candidate(
  points: readonly CurvePoint[],
  { rate, shift }: Pick<PowerLaw, 'rate' | 'shift'>,
): { readonly law: PowerLaw; readonly error: number } {
  let [weights, falls, scores, squares, products] = [0, 0, 0, 0, 0];
  for (const { count, score, weight = 1 } of points) {
    const fall = (count + shift) ** -rate;
    weights += weight;
    falls += weight * fall;
    scores += weight * score;
    squares += weight * fall * fall;
    products += weight * fall * score;
  }
  const spread = squares - (falls * falls) / weights;
  const free = spread > 0 ? -(products - (falls * scores) / weights) / spread : 0;
  // A curve over images does not fall; labels beside others can do harm.
  let drop = shift > 0 ? free : Math.max(0, free);
  const unbounded = scores / weights + (drop * falls) / weights;
  const limit = Math.min(1, Math.max(0, unbounded));
  // On a bound b alone is left: the sum of w·(a − b·f − y)² is least at b = Σ w·f·(a − y) / Σ w·f².
  if (limit !== unbounded) drop = (limit * falls - products) / squares;
  if (shift === 0) drop = Math.max(0, drop);
  const law = { limit, drop, rate, shift };
  const error = points.reduce(
    (sum, { count, score, weight = 1 }) => sum + weight * (powerLawAt(law, count) - score) ** 2,
    0,
  );
  return { law, error };
}

function geometric(
  count: number,
  { from, to }: { readonly from: number; readonly to: number },
): readonly number[] {
  return Array.from({ length: count }, (_, place) => from * (to / from) ** (place / (count - 1)));
}
