/** Compares labels that are computed directly from a head's logits with resizing all classes and taking the largest. */
import { Generator, ops, randn, type Tensor, tensorFrom, tidy } from 'coarsely/torch';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

let generator: Generator;
beforeEach(() => {
  generator = new Generator(11);
});
afterEach(() => {
  generator.dispose();
});

/** Pixels whose two labels differ although their logits differ by more than rounding. */
function disagreements(logits: Tensor, size: readonly [number, number]): number {
  const resized = ops.resizeBilinear(logits, [...size]);
  const labels = ops.resizeArgmax(logits, [...size]);
  expect(labels.dtype).toBe('int64');
  expect(labels.shape).toEqual([logits.shape[0], ...size]);
  const chosen = resized.gather(1, labels.unsqueeze(1)).squeeze(1);
  return resized.amax(1).sub(chosen).gt(1e-5).to({ dtype: 'float32' }).sum().item();
}

describe('resizeArgmax', () => {
  test.each([
    [2, 19, 8, 16, 32, 64],
    [1, 150, 5, 7, 23, 600],
    [1, 3, 9, 9, 9, 9],
    [2, 5, 12, 20, 7, 6],
    [1, 1, 4, 4, 8, 8],
  ])('[%i, %i, %i, %i] to %i × %i', (count, classes, h, w, height, width) => {
    tidy(() => {
      const logits = randn([count, classes, h, w], { dtype: 'float32', generator });
      expect(disagreements(logits, [height, width])).toBe(0);
      expect(disagreements(logits.contiguous({ memoryFormat: 'channels-last' }), [height, width])).toBe(0);
      expect(disagreements(logits.to({ dtype: 'bfloat16' }), [height, width])).toBe(0);
    });
  });

  test('the first of equal classes, and NaN above all', () => {
    tidy(() => {
      // Four images of one pixel.
      const values = [1, 2, 2, 1, 1, 1, Number.NaN, 5, Number.NaN, 3, Number.NaN, 4];
      const logits = tensorFrom(values, { dtype: 'float32', shape: [4, 3, 1, 1] });
      const labels = ops.resizeArgmax(logits, [1, 1]);
      expect(labels.toTypedArray()).toEqual(logits.argmax(1).toTypedArray());
      expect(Array.from(labels.toTypedArray() as BigInt64Array)).toEqual([1n, 0n, 0n, 1n]);
    });
  });
});
