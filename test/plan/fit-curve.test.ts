import { RandomStream } from 'coarsely/data';
import { checkSecondHalf, curveInterval, fitCurve, gainInterval, powerLawAt } from 'coarsely/plan';
import { describe, expect, it, test } from 'vitest';
import { deviationAt, intervalOf, meanInterval, noiseOf } from '#plan/fit-curve.js';
import { madeCurve } from './made-curves.js';

const counts = [11, 23, 46, 92, 184, 257, 367];
const law = { limit: 0.6, drop: 0.55, rate: 0.45, shift: 0 };

describe('intervals of the bootstrap', () => {
  it('cover the truth in most of many made-up experiments, at the end and beyond', () => {
    const worlds = 60;
    let [atEnd, beyond, gain] = [0, 0, 0];
    const holds = ({ lower, upper }: { lower: number; upper: number }, value: number) =>
      Number(lower <= value && value <= upper);
    for (let world = 0; world < worlds; world++) {
      const curve = madeCurve(law, { counts, noise: 0.007, seed: world });
      const fitted = fitCurve(curve, { replicates: 150, seed: world });
      atEnd += holds(curveInterval(fitted, 367), powerLawAt(law, 367));
      beyond += holds(curveInterval(fitted, 734), powerLawAt(law, 734));
      gain += holds(
        gainInterval(fitted, { from: 367, to: 453 }),
        powerLawAt(law, 453) - powerLawAt(law, 367),
      );
    }
    for (const covered of [atEnd, beyond, gain]) expect(covered / worlds).toBeGreaterThan(0.85);
  });

  it('cover the gain of labels beside others, also where they bring nothing', () => {
    const at = { kind: 'points', counts: [0, 367, 1101, 3670, 11_010, 36_700], today: 0 } as const;
    const worlds = 25;
    for (const drop of [0, 2]) {
      const truth = { limit: 0.56, drop, rate: 0.4, shift: 2000 };
      let covered = 0;
      for (let world = 0; world < worlds; world++) {
        const fitted = fitCurve(madeCurve(truth, { ...at, noise: 0.006, seed: world }), { replicates: 80 });
        const { lower, upper } = gainInterval(fitted, { from: 0, to: 18_000 });
        const gain = powerLawAt(truth, 18_000) - powerLawAt(truth, 0);
        covered += Number(lower <= gain && gain <= upper);
      }
      expect(covered / worlds).toBeGreaterThan(0.8);
    }
  });

  it('are narrower with more seeds and less noise, and say something', () => {
    const width = (noise: number, seeds: number) => {
      const { lower, upper } = curveInterval(fitCurve(madeCurve(law, { counts, noise, seeds })), 453);
      return upper - lower;
    };
    expect(width(0.002, 3)).toBeLessThan(0.6 * width(0.008, 3));
    expect(width(0.008, 12)).toBeLessThan(0.8 * width(0.008, 3));
    expect(width(0.007, 3)).toBeLessThan(0.08);
  });

  it('repeat with their seed', () => {
    const curve = madeCurve(law, { counts, noise: 0.01 });
    expect(fitCurve(curve)).toEqual(fitCurve(curve));
    expect(fitCurve(curve, { seed: 1 }).replicates).not.toEqual(fitCurve(curve).replicates);
  });
});

test('quantiles are those of the sorted values', () => {
  const values = Array.from({ length: 41 }, (_, place) => (place * 7) % 41);
  expect(intervalOf(values)).toEqual({ lower: 1, upper: 39 });
});

describe('the noise of scores', () => {
  it('is that of all counts together where a curve adds to the same images', () => {
    const measurements = [
      { count: 0, scores: [0.3, 0.5] },
      { count: 20, scores: [0.6, 0.6] },
    ];
    // Squares 0.02 + 0 over 1 + 1 degrees of freedom.
    expect(noiseOf({ measurements })).toEqual({ variance: expect.closeTo(0.01, 10), decline: 0, freedom: 2 });
    const interval = meanInterval({ measurements }, { count: 20, scores: [0.6, 0.6] });
    // t of two degrees of freedom at 97.5 % is 4.303.
    expect(interval?.upper).toBeCloseTo(0.6 + (4.3027 * 0.1) / Math.SQRT2, 4);
    const single = [{ count: 1, scores: [0.3] }];
    expect(meanInterval({ measurements: single }, { count: 1, scores: [0.3] })).toBeNull();
  });

  it('falls with the images, as it was made to', () => {
    const random = new RandomStream(4, [1]);
    const measurements = counts.map((count) => ({
      count,
      scores: Array.from(
        { length: 40 },
        () => 0.4 + ((random.uniform() - 0.5) * Math.sqrt(12) * 0.1) / Math.sqrt(count),
      ),
    }));
    const noise = noiseOf({ measurements });
    expect(noise.decline).toBeCloseTo(1, 0);
    expect(Math.abs(noise.decline - 1)).toBeLessThan(0.2);
    for (const count of [11, 367]) {
      expect(deviationAt(noise, count) / (0.1 / Math.sqrt(count))).toBeGreaterThan(0.8);
      expect(deviationAt(noise, count) / (0.1 / Math.sqrt(count))).toBeLessThan(1.25);
    }
  });
});

describe('the second half', () => {
  it('is predicted from the first alone', () => {
    const curve = madeCurve(law, { counts, noise: 0.004, seed: 5 });
    const checks = checkSecondHalf(curve);
    expect(checks.map(({ count }) => count)).toEqual([257, 367]);
    for (const { from, predicted, measured, covered } of checks) {
      expect(from).toBe(184);
      expect(Math.abs(predicted - measured)).toBeLessThan(0.02);
      expect(covered).toBe(true);
    }
    // What was measured in the second half changes no prediction.
    const measurements = curve.measurements.map((one) =>
      one.count > 184 ? { ...one, scores: one.scores.map((score) => score - 0.2) } : one,
    );
    const broken = checkSecondHalf({ ...curve, measurements });
    expect(broken.map(({ predicted }) => predicted)).toEqual(checks.map(({ predicted }) => predicted));
    expect(broken.map(({ covered }) => covered)).toEqual([false, false]);
  });

  it('is not predicted from fewer than four counts', () => {
    expect(checkSecondHalf(madeCurve(law, { counts: [1, 2, 4, 6, 8] }))).toEqual([]);
  });
});
