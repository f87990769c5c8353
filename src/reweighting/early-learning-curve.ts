/**
 * Fits how well a class is learned over a run by f(t) = a·(1 − exp(−b·t^c)), and says how far its slope has fallen since the
 * first moment (Liu et al., ADELE, CVPR 2022, section 3.1). A network learns what most labels say first and memorizes
 * the wrong ones later; the training IoU of a class flattens in between.
 */

/** Holds one moment of a training curve. */
export interface CurvePoint {
  /** Counts moments from 1. */
  readonly time: number;
  /** Is the IoU of the predictions with the training labels, 0..1. */
  readonly iou: number;
}

/** Holds the parameters of f(t) = scale · (1 − exp(−rate · t^exponent)), with scale and exponent in (0, 1]. */
export interface EarlyLearningFit {
  readonly scale: number;
  readonly rate: number;
  readonly exponent: number;
}

// There are three parameters to fit.
const fewestPoints = 4;
const firstGrid = { rate: [Math.log(1e-4), Math.log(50)], exponent: [0.02, 1] } as const;
const gridSize = 13;
const rounds = 18;

/**
 * Returns the weighted least-squares fit of a curve; null for fewer than four points, or a class that was never found. As
 * in the authors' code, the standard deviations fall from 1 at the first point to 0.1 at the last in equal ratios.
 */
export function fitEarlyLearning(points: readonly CurvePoint[]): EarlyLearningFit | null {
  if (points.length < fewestPoints || points.every(({ iou }) => iou <= 0)) return null;
  const moments = points.map(({ time, iou }, place) => ({
    logTime: Math.log(time),
    iou,
    weight: 100 ** (place / (points.length - 1)),
  }));
  let [lowRate, highRate] = firstGrid.rate as readonly [number, number];
  let [lowExponent, highExponent] = firstGrid.exponent as readonly [number, number];
  let best = { error: Number.POSITIVE_INFINITY, scale: 0, logRate: 0, exponent: 1 };
  // Each grid is half as wide as the one before, around the best place so far.
  for (let round = 0; round < rounds; round++) {
    for (let row = 0; row < gridSize; row++) {
      const logRate = between(lowRate, highRate, row);
      for (let column = 0; column < gridSize; column++) {
        const exponent = between(lowExponent, highExponent, column);
        const { scale, error } = bestScale(moments, { rate: Math.exp(logRate), exponent });
        if (error < best.error) best = { error, scale, logRate, exponent };
      }
    }
    const rateSpan = (highRate - lowRate) / 4;
    [lowRate, highRate] = [best.logRate - rateSpan, best.logRate + rateSpan];
    const exponentSpan = (highExponent - lowExponent) / 4;
    lowExponent = Math.max(firstGrid.exponent[0], best.exponent - exponentSpan);
    highExponent = Math.min(firstGrid.exponent[1], best.exponent + exponentSpan);
  }
  return { scale: best.scale, rate: Math.exp(best.logRate), exponent: best.exponent };
}

/** Returns by which share the slope of a fit at `time` is below that at time 1. */
export function slopeChange(fit: EarlyLearningFit, time: number): number {
  const first = slope(fit, 1);
  return first === 0 ? 0 : Math.abs(slope(fit, time) - first) / first;
}

interface Moment {
  readonly logTime: number;
  readonly iou: number;
  readonly weight: number;
}

/** Returns the scale of the least error, which is linear in it, and that error. */
function bestScale(
  moments: readonly Moment[],
  { rate, exponent }: { readonly rate: number; readonly exponent: number },
): { readonly scale: number; readonly error: number } {
  let [square, product, whole] = [0, 0, 0];
  for (const { logTime, iou, weight } of moments) {
    const value = -Math.expm1(-rate * Math.exp(exponent * logTime));
    square += weight * value * value;
    product += weight * value * iou;
    whole += weight * iou * iou;
  }
  if (square === 0) return { scale: 0, error: whole };
  const scale = Math.min(1, product / square);
  return { scale, error: whole - 2 * scale * product + scale * scale * square };
}

function between(low: number, high: number, place: number): number {
  return low + ((high - low) * place) / (gridSize - 1);
}

function slope({ scale, rate, exponent }: EarlyLearningFit, time: number): number {
  return scale * rate * exponent * time ** (exponent - 1) * Math.exp(-rate * time ** exponent);
}
