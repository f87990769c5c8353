/** Checks schedules by hand at the steps where they change. */
import { schedules } from 'coarsely/optim';
import { describe, expect, test } from 'vitest';

function create(kind: string, options: Record<string, unknown> = {}, learningRate = 0.02) {
  const component = schedules.get(kind);
  return component.create(component.options.parse(options), { learningRate });
}

describe('multi-step', () => {
  test.each([100, 800, 40_000, 160_000, 200_000])("the paper's warm-up and drops over %i steps", (total) => {
    const factor = create('multi-step');
    const at = (share: number) => Math.round(share * total);
    expect(factor(0, total)).toBe(0.01);
    expect(factor(at(0.025), total)).toBeCloseTo(0.01 + 0.99 * (at(0.025) / total / 0.05), 12);
    expect(factor(at(0.05) - 1, total)).toBeLessThan(1);
    expect(factor(at(0.05), total)).toBe(1);
    expect(factor(at(0.6) - 1, total)).toBe(1);
    expect(factor(at(0.6), total)).toBeCloseTo(0.1, 12);
    expect(factor(at(0.9) - 1, total)).toBeCloseTo(0.1, 12);
    expect(factor(at(0.9), total)).toBeCloseTo(0.01, 12);
    expect(factor(total - 1, total)).toBeCloseTo(0.01, 12);
  });

  test('its shares can be chosen', () => {
    const factor = create('multi-step', { warmup: 0, milestones: [0.5], drop: 0.5 });
    expect([0, 4, 5, 9].map((step) => factor(step, 10))).toEqual([1, 1, 0.5, 0.5]);
  });
});

describe('poly', () => {
  test('falls from the base rate to a minimum that is a rate', () => {
    const factor = create('poly');
    expect(factor(0, 100)).toBe(1);
    expect(0.02 * factor(50, 100)).toBeCloseTo((0.02 - 1e-4) * 0.5 ** 0.9 + 1e-4, 12);
    expect(0.02 * factor(100, 100)).toBeCloseTo(1e-4, 12);
  });

  test('a base rate below the minimum stays as it is', () => {
    expect(create('poly', {}, 1e-5)(70, 100)).toBe(1);
  });
});

describe('cosine', () => {
  test('falls along half a cosine after a linear warm-up', () => {
    const factor = create('cosine', { warmup: 0.2 });
    expect(factor(0, 100)).toBe(0.01);
    expect(factor(10, 100)).toBeCloseTo(0.01 + 0.99 * 0.5, 12);
    expect(factor(20, 100)).toBe(1);
    expect(factor(40, 100)).toBeCloseTo((1 + Math.SQRT1_2) / 2, 12);
    expect(factor(60, 100)).toBeCloseTo(0.5, 12);
    expect(factor(100, 100)).toBeCloseTo(0, 12);
  });

  test('ends at a minimum that is a rate', () => {
    const factor = create('cosine', { warmup: 0, minimum: 1e-3 }, 1e-2);
    expect([0, 5, 10].map((step) => factor(step, 10))).toEqual([
      expect.closeTo(1, 12),
      expect.closeTo(0.55, 12),
      expect.closeTo(0.1, 12),
    ]);
    expect(create('cosine', { minimum: 1 }, 1e-2)(70, 100)).toBe(1);
  });

  test('may be nothing but its warm-up', () => {
    const factor = create('cosine', { warmup: 1, warmupStart: 0.5 });
    expect([0, 5].map((step) => factor(step, 10))).toEqual([0.5, 0.75]);
    expect(factor(10, 10)).toBeCloseTo(0, 12);
  });
});

test('unknown options are refused', () => {
  expect(() => create('poly', { gamma: 1 })).toThrow(/gamma/);
});
