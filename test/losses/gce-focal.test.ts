/** Checks generalized cross-entropy and focal loss by hand, and where a careless formula breaks. */
import { crossEntropy, focal, gce, type PixelLoss } from 'coarsely/losses';
import { scope, tensorFrom } from 'coarsely/torch';
import { describe, expect, test } from 'vitest';
import { oneMinusExp } from '#losses/one-minus-exp.js';

/** Returns loss and slope of one pixel of two classes, the first of which is its label: p_y = sigmoid(margin). */
function atMargin(loss: PixelLoss, margin: number): { value: number; slope: number } {
  using _inner = scope();
  const logits = tensorFrom([margin, 0], { dtype: 'float32', shape: [1, 2, 1, 1] }).requiresGrad_();
  const values = loss(logits, tensorFrom([0], { dtype: 'int64', shape: [1, 1, 1] }));
  values.sum().backward();
  // Adding 0 turns −0 into 0, which the comparison tells apart.
  return { value: values.item() + 0, slope: Number(logits.grad?.toTypedArray()[0]) + 0 };
}

describe('gce', () => {
  test('is (1 − p_y^q) / q with the gradient p_y^q · (p − 1)', () => {
    for (const q of [0.1, 0.5, 1]) {
      const { value, slope } = atMargin(gce({ q }), Math.log(3));
      expect(value).toBeCloseTo((1 - 0.75 ** q) / q, 6);
      expect(slope).toBeCloseTo(0.75 ** q * (0.75 - 1), 6);
    }
  });

  test('q towards 0 is cross-entropy, in value and gradient', () => {
    for (const margin of [-30, -1, 0, 2, 12]) {
      const expected = atMargin(crossEntropy, margin);
      expect(atMargin(gce({ q: 0 }), margin)).toEqual(expected);
      for (const q of [1e-6, 1e-9, 1e-20, 1e-40]) {
        const { value, slope } = atMargin(gce({ q }), margin);
        expect(value).toBeCloseTo(expected.value, 3);
        expect(slope).toBeCloseTo(expected.slope, 4);
      }
    }
  });

  test('keeps its digits near p_y = 1, where 1 − p_y^q would round them off', () => {
    const { value } = atMargin(gce({ q: 0.001 }), 7);
    const { value: loss } = atMargin(crossEntropy, 7);
    expect(value / (-Math.expm1(-0.001 * loss) / 0.001)).toBeCloseTo(1, 6);
  });

  test('ends at 1/q with gradient 0 where p_y underflows', () => {
    expect(atMargin(gce({ q: 0.1 }), -1e4)).toEqual({ value: 10, slope: 0 });
    const { value, slope } = atMargin(gce({ q: 0.1 }), -100);
    expect(value).toBeCloseTo(-Math.expm1(-10) / 0.1, 4);
    expect(slope).toBeCloseTo(-Math.exp(-10), 6);
  });

  test('refuses a q outside [0, 1]', () => {
    expect(() => gce({ q: 1.5 })).toThrow('gce: expected q in [0, 1], received 1.5');
    expect(() => gce({ q: Number.NaN })).toThrow('received NaN');
  });
});

describe('focal', () => {
  test('is (1 − p_y)^γ times cross-entropy', () => {
    for (const gamma of [0, 0.5, 1, 2, 5]) {
      const { value } = atMargin(focal({ gamma }), Math.log(3));
      expect(value).toBeCloseTo(0.25 ** gamma * -Math.log(0.75), 6);
    }
    expect(atMargin(focal({ gamma: 0 }), 1)).toEqual(atMargin(crossEntropy, 1));
  });

  test('its gradient is finite at both ends, also for γ below 1', () => {
    for (const gamma of [0, 0.01, 0.5, 1, 2]) {
      const sure = atMargin(focal({ gamma }), 1e4);
      expect(sure.value).toBe(0);
      expect(sure.slope).toBe(0);
      const wrong = atMargin(focal({ gamma }), -1e4);
      expect(wrong.value).toBeCloseTo(1e4, 0);
      expect(wrong.slope).toBeCloseTo(-1, 5);
      for (const margin of [8, 12, 15, 16, 17, 20]) {
        expect(Number.isFinite(atMargin(focal({ gamma }), margin).slope)).toBe(true);
      }
    }
  });

  test('refuses a γ that is negative or has no end', () => {
    expect(() => focal({ gamma: -1 })).toThrow('focal: expected gamma of at least 0, received -1');
    expect(() => focal({ gamma: Infinity })).toThrow('received Infinity');
  });
});

test('1 − e^{−x} is right to the last digits of float32 over its whole range', () => {
  using _inner = scope();
  const points = [0, 1e-38, 1e-12, 1e-7, 1e-3, 0.1, 1, 5, 20, 100, 2e4];
  const input = tensorFrom(points, { dtype: 'float32', shape: [points.length] }).requiresGrad_();
  const values = oneMinusExp(input);
  values.sum().backward();
  const exact = points.map((x) => -Math.expm1(-x));
  expect(values).toBeAllclose(exact, { relative: 3e-7 });
  const slopes = points.map((x) => Math.exp(-x));
  expect(input.grad).toBeAllclose(slopes, { absolute: 5e-7 });
});
