/** Compares intervals with the printed tables of Student's t, and with means and binomial quantiles computed by hand. */

import { RandomStream } from 'coarsely/data';
import { describe, expect, it } from 'vitest';
import { bootstrapInterval, studentInterval } from '#experiments/interval.js';
import { studentBound } from '#experiments/student-t.js';

describe('the quantiles of Student’s t', () => {
  it.each([
    [1, 12.7062047],
    [2, 4.3026527],
    [3, 3.1824463],
    [4, 2.7764451],
    [5, 2.5705818],
    [9, 2.2621572],
    [29, 2.0452296],
    [120, 1.9799304],
  ])('are those of the tables: %i degrees of freedom, two-sided 95 %%', (degreesOfFreedom, expected) => {
    expect(studentBound({ level: 0.95, degreesOfFreedom })).toBeCloseTo(expected, 6);
  });

  it('follow the level', () => {
    expect(studentBound({ level: 0.99, degreesOfFreedom: 4 })).toBeCloseTo(4.6040949, 6);
    // With one degree of freedom t is a Cauchy variable: P(|t| ≤ 1) = 1/2.
    expect(studentBound({ level: 0.5, degreesOfFreedom: 1 })).toBeCloseTo(1, 12);
  });
});

describe('Student’s interval of a mean', () => {
  it('is mean ± t · s/√n', () => {
    // Mean 2, s = 1, n = 3: half the width is 4.3026527 / √3.
    const interval = studentInterval([1, 2, 3]);
    expect(interval?.lower).toBeCloseTo(2 - 2.4841377, 6);
    expect(interval?.upper).toBeCloseTo(2 + 2.4841377, 6);
  });

  it('is a point where nothing varies, and missing where nothing can be said', () => {
    expect(studentInterval([1.5, 1.5])).toEqual({ lower: 1.5, upper: 1.5 });
    for (const values of [[], [1], [1, Number.NaN], [1, Number.POSITIVE_INFINITY]]) {
      expect(studentInterval(values)).toBeNull();
      expect(bootstrapInterval(values)).toBeNull();
    }
  });

  it('contains the true mean of normal values in 95 of 100 samples', () => {
    const random = new RandomStream(5, [0]);
    const samples = 4000;
    let hits = 0;
    for (let sample = 0; sample < samples; sample++) {
      const interval = studentInterval([3, 3, 3, 3].map((mean) => mean + random.normal()));
      if (interval !== null && interval.lower <= 3 && interval.upper >= 3) hits++;
    }
    // The standard deviation of the share is 0.0034.
    expect(Math.abs(hits / samples - 0.95)).toBeLessThan(0.0138);
  });
});

describe('the bootstrap’s interval of a mean', () => {
  const halves = [0, 0, 0, 0, 0, 1, 1, 1, 1, 1];

  it('has the quantiles of the resampled means', () => {
    // Ten times the mean is binomial (10, 1/2): P(≤ 1) = 0.011, P(≤ 2) = 0.055, so the ends are 2 and 8.
    expect(bootstrapInterval(halves)).toEqual({ lower: 0.2, upper: 0.8 });
    // Of two values a quarter of the means is either end.
    expect(bootstrapInterval([-1, 3])).toEqual({ lower: -1, upper: 3 });
  });

  it('depends on its seed and on nothing else', () => {
    const values = [0.11, -0.52, 0.73, 0.24, 0.95];
    const first = bootstrapInterval(values, { resamples: 200, seed: 1 });
    expect(bootstrapInterval(values, { resamples: 200, seed: 1 })).toEqual(first);
    expect(bootstrapInterval(values, { resamples: 200, seed: 2 })).not.toEqual(first);
  });
});
