/** Checks confidence and the double normalization of weights by hand. */
import { normalizeWeights, standardDeviation, variance } from 'coarsely/reweighting';
import { autocast, scope, tensorFrom } from 'coarsely/torch';
import { describe, expect, test } from 'vitest';

/** Returns the logits of one pixel with these likelihoods. */
const pixel = (likelihoods: readonly number[]) =>
  tensorFrom(likelihoods.map(Math.log), { dtype: 'float32', shape: [1, likelihoods.length, 1, 1] });

describe('confidence', () => {
  test('variance is −1 at equal likelihoods, +1 at certainty, and Eq. 3 between', () => {
    using _inner = scope();
    expect(variance(pixel([0.25, 0.25, 0.25, 0.25])).item()).toBeCloseTo(-1, 6);
    expect(variance(tensorFrom([1e4, -1e4, 0], { dtype: 'float32', shape: [1, 3, 1, 1] })).item()).toBe(1);
    const likelihoods = [0.5, 0.3, 0.2];
    const mean = 1 / 3;
    const v = likelihoods.reduce((sum, p) => sum + (p - mean) ** 2, 0) / 3;
    expect(variance(pixel(likelihoods)).item()).toBeCloseTo(((2 * 9) / 2) * v - 1, 6);
  });

  test('std is the square root on the same scale', () => {
    using _inner = scope();
    const likelihoods = [0.5, 0.3, 0.2];
    const share = (variance(pixel(likelihoods)).item() + 1) / 2;
    expect(standardDeviation(pixel(likelihoods)).item()).toBeCloseTo(2 * Math.sqrt(share) - 1, 5);
  });

  test('is detached, float32 under autocast, and certain of a single class', () => {
    using _inner = scope();
    const logits = pixel([0.6, 0.4]).requiresGrad_();
    const confidence = autocast({ dtype: 'bfloat16' }, () => variance(logits));
    expect(confidence.requiresGrad).toBe(false);
    expect(confidence.dtype).toBe('float32');
    expect(variance(pixel([1])).item()).toBe(1);
  });
});

describe('normalization', () => {
  const map = (values: readonly number[]) =>
    tensorFrom(values, { dtype: 'float32', shape: [1, 1, values.length] });
  const mask = (values: readonly number[]) =>
    tensorFrom(values, { dtype: 'bool', shape: [1, 1, values.length] });

  test.each([1, 2, 3] as const)('sums to 1 over valid pixels and is 0 elsewhere (p = %i)', (p) => {
    using _inner = scope();
    const weights = normalizeWeights(map([0.2, 0.6, 0.9, 0.2]), mask([1, 1, 0, 1]), { p });
    const values = Array.from(weights.toTypedArray(), Number);
    for (const [index, value] of [0.2, 0.6, 0, 0.2].entries()) expect(values[index]).toBeCloseTo(value, 6);
  });

  test.each([1, 2, 3] as const)(
    'has the gradient of Σ u·l / ‖u‖₁ with the last norm constant (p = %i)',
    (p) => {
      using _inner = scope();
      const values = [0.2, 0.6, 0.9];
      const losses = [1.2, 0.6, 0.1];
      const input = map(values).requiresGrad_();
      normalizeWeights(input, mask([1, 1, 1]), { p })
        .mul(map(losses))
        .sum()
        .backward();
      const norm = (w: readonly number[]) => w.reduce((sum, x) => sum + x ** p, 0) ** (1 / p);
      const l1 = values.reduce((sum, x) => sum + x, 0) / norm(values);
      const objective = (w: readonly number[]) =>
        w.reduce((sum, x, i) => sum + x * (losses[i] ?? 0), 0) / norm(w) / l1;
      const gradient = input.grad?.toTypedArray() ?? [];
      values.forEach((_, index) => {
        const shifted = (by: number) => objective(values.map((x, i) => (i === index ? x + by : x)));
        expect(Number(gradient[index])).toBeCloseTo((shifted(1e-5) - shifted(-1e-5)) / 2e-5, 4);
      });
    },
  );

  test('weights that are all 0 become uniform; no valid pixel gives 0 and no NaN', () => {
    using _inner = scope();
    const uniform = normalizeWeights(map([0, 0, 0, 0]), mask([1, 1, 1, 1]));
    expect(uniform.toTypedArray()).toEqual(new Float32Array(4).fill(0.25));
    for (const p of [1, 2, 3] as const) {
      const input = map([0.5, 0.5]).requiresGrad_();
      const none = normalizeWeights(input, mask([0, 0]), { p });
      none.sum().backward();
      expect(none.toTypedArray()).toEqual(new Float32Array(2));
      expect(input.grad?.toTypedArray()).toEqual(new Float32Array(2));
    }
  });
});
