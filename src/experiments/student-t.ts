/**
 * Computes quantiles of Student's t distribution for whole degrees of freedom, from the finite series of its
 * distribution function (Abramowitz and Stegun, 26.7.3 and 26.7.4).
 */

/** Configures `studentBound`. */
export interface StudentBoundOptions {
  /** Gives the probability between the bounds: 0.95. */
  readonly level: number;
  /** Is a positive whole number. */
  readonly degreesOfFreedom: number;
}

/** Halves the interval of angles often enough for the last bit of a double. */
const halvings = 60;

/** Returns the t for which a variable of Student's t distribution lies between −t and t with probability `level`. */
export function studentBound({ level, degreesOfFreedom }: StudentBoundOptions): number {
  let low = 0;
  let high = Math.PI / 2;
  for (let halving = 0; halving < halvings; halving++) {
    const middle = (low + high) / 2;
    if (probabilityWithin(middle, degreesOfFreedom) < level) low = middle;
    else high = middle;
  }
  return Math.sqrt(degreesOfFreedom) * Math.tan((low + high) / 2);
}

/** Returns the probability that |t| ≤ √ν · tan(angle), where ν is `degreesOfFreedom`. */
function probabilityWithin(angle: number, degreesOfFreedom: number): number {
  const cosine = Math.cos(angle);
  const isOdd = degreesOfFreedom % 2 === 1;
  let term = isOdd ? cosine : 1;
  let sum = 0;
  // The terms have the powers ν − 2, ν − 4, … of the cosine, the smallest first.
  for (let power = isOdd ? 1 : 0; power <= degreesOfFreedom - 2; power += 2) {
    sum += term;
    term *= ((power + 1) / (power + 2)) * cosine ** 2;
  }
  return isOdd ? (2 / Math.PI) * (angle + Math.sin(angle) * sum) : Math.sin(angle) * sum;
}
