/** Checks the curve that says when a class is learned, against SciPy's fit and on curves whose slope is known. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { fitEarlyLearning, slopeChange } from '#reweighting/early-learning-curve.js';

interface Golden {
  readonly ious: readonly number[];
  /** Weighted sum of squares that SciPy's best fit leaves. */
  readonly error: number;
  readonly slopeChanges: readonly number[];
}

const golden = JSON.parse(
  readFileSync(new URL('./early-learning-golden.json', import.meta.url), 'utf8'),
) as Golden[];

const pointsOf = (ious: readonly number[]) => ious.map((iou, place) => ({ time: place + 1, iou }));

test.each(golden.map((each, place) => ({ place, ...each })))(
  'curve $place is fitted as well as by SciPy, with the same slopes',
  ({ ious, error, slopeChanges }) => {
    const fit = fitEarlyLearning(pointsOf(ious));
    if (fit === null) throw new Error('expected a fit');
    const { scale, rate, exponent } = fit;
    const found = ious.reduce((sum, iou, place) => {
      const value = scale * (1 - Math.exp(-rate * (place + 1) ** exponent));
      return sum + 100 ** (place / (ious.length - 1)) * (value - iou) ** 2;
    }, 0);
    expect(found).toBeLessThan(error * 1.002 + 1e-6);
    for (const [place, expected] of slopeChanges.entries())
      expect(slopeChange(fit, place + 1)).toBeCloseTo(expected, 2);
  },
);

describe('on a curve that is known', () => {
  const known = { scale: 0.8, rate: 0.25, exponent: 1 };
  const ious = Array.from({ length: 20 }, (_, place) => 0.8 * (1 - Math.exp(-0.25 * (place + 1))));

  test('the slope has fallen by 0.9 at the moment that the formula gives', () => {
    // f′(t) / f′(1) = exp(−0.25 (t − 1)) is 0.1 at t = 1 + ln 10 / 0.25 = 10.2.
    const found = ious.findIndex((_, place) => {
      const fit = fitEarlyLearning(pointsOf(ious.slice(0, place + 1)));
      return fit !== null && slopeChange(fit, place + 1) > 0.9;
    });
    expect(found + 1).toBe(11);
    expect(slopeChange(known, 11)).toBeGreaterThan(0.9);
    expect(slopeChange(known, 10)).toBeLessThan(0.9);
  });

  test('a curve that still rises in a line has not flattened', () => {
    const line = Array.from({ length: 20 }, (_, place) => 0.03 * (place + 1));
    const fit = fitEarlyLearning(pointsOf(line));
    if (fit === null) throw new Error('expected a fit');
    expect(slopeChange(fit, 20)).toBeLessThan(0.7);
  });
});

test('fewer than four points and classes that were never found have no fit', () => {
  expect(fitEarlyLearning(pointsOf([0.1, 0.2, 0.3]))).toBeNull();
  expect(fitEarlyLearning(pointsOf([0, 0, 0, 0, 0]))).toBeNull();
});
