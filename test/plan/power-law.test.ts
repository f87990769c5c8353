import { OperationError } from 'coarsely/errors';
import { type CurvePoint, fitPowerLaw, type PowerLaw, powerLawAt } from 'coarsely/plan';
import { describe, expect, it, test } from 'vitest';

const counts = [11, 23, 46, 92, 184, 257, 367];

function pointsOf(law: PowerLaw, at: readonly number[] = counts): CurvePoint[] {
  return at.map((count) => ({ count, score: powerLawAt(law, count) }));
}

function squaredError(law: PowerLaw, points: readonly CurvePoint[]): number {
  return points.reduce(
    (sum, { count, score, weight = 1 }) => sum + weight * (powerLawAt(law, count) - score) ** 2,
    0,
  );
}

describe('a power law through exact scores', () => {
  test.each([
    { limit: 0.6, drop: 0.5, rate: 0.5, shift: 0 },
    { limit: 0.55, drop: 0.9, rate: 0.9, shift: 0 },
    { limit: 0.9, drop: 0.7, rate: 0.1, shift: 0 },
    { limit: 0.5, drop: 2, rate: 1.7, shift: 0 },
  ])('is found again: %o', (law) => {
    const found = fitPowerLaw(pointsOf(law));
    expect(found.rate).toBeCloseTo(law.rate, 2);
    expect(found.limit).toBeCloseTo(law.limit, 2);
    for (const count of [11, 367, 734])
      expect(powerLawAt(found, count)).toBeCloseTo(powerLawAt(law, count), 3);
  });

  it('is found with its shift, where it begins at 0', () => {
    const law = { limit: 0.56, drop: 0.16, rate: 0.6, shift: 3 };
    const at = [0, 1, 3, 10, 30, 100];
    const found = fitPowerLaw(pointsOf(law, at), { shifted: true });
    for (const count of [0, 2, 20, 100])
      expect(powerLawAt(found, count)).toBeCloseTo(powerLawAt(law, count), 3);
    expect(powerLawAt(found, 200)).toBeCloseTo(powerLawAt(law, 200), 2);
  });
});

describe('the bounds', () => {
  it('keep the limit at 1 and the curve from falling', () => {
    const steep = fitPowerLaw(counts.map((count) => ({ count, score: 0.1 + 0.12 * Math.log(count) })));
    expect(steep.limit).toBeLessThanOrEqual(1);
    expect(powerLawAt(steep, 10_000)).toBeLessThanOrEqual(1);
    const falling = fitPowerLaw(counts.map((count) => ({ count, score: 0.5 - 0.0002 * count })));
    expect(falling.drop).toBe(0);
    expect(falling.limit).toBeCloseTo(
      counts.reduce((sum, n) => sum + 0.5 - 0.0002 * n, 0) / counts.length,
      10,
    );
  });
});

it('has no larger error than any law of a fine grid', () => {
  const points = [0.31, 0.36, 0.42, 0.45, 0.47, 0.49, 0.488].map((score, place) => ({
    count: counts[place] as number,
    score,
    weight: [1, 2, 0, 1, 1, 3, 1][place] as number,
  }));
  let least = Number.POSITIVE_INFINITY;
  for (let rate = 0.05; rate <= 2; rate += 0.03) {
    for (let limit = 0.4; limit <= 1; limit += 0.01) {
      for (let drop = 0; drop <= 3; drop += 0.05) {
        least = Math.min(least, squaredError({ limit, drop, rate, shift: 0 }, points));
      }
    }
  }
  const best = squaredError(fitPowerLaw(points), points);
  expect(best).toBeLessThanOrEqual(least);
  expect(best).toBeGreaterThan(0.5 * least);
});

it('refuses what no law goes through alone', () => {
  const two = pointsOf({ limit: 0.5, drop: 0.5, rate: 0.5, shift: 0 }, [4, 8]);
  expect(() => fitPowerLaw(two)).toThrow(OperationError);
  expect(() => fitPowerLaw([...two, { count: 16, score: 0.4, weight: 0 }])).toThrow(
    'three positive counts, received 4, 8',
  );
  expect(() => fitPowerLaw([{ count: 0, score: 0.1 }, ...two])).toThrow('positive');
});
