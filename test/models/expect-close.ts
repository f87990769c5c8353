/** Compares a tensor with the summary that PyTorch wrote of it. */

import type { Tensor } from 'coarsely/torch';
import { expect } from 'vitest';
import { type Summary, summary } from './deterministic-values.js';

/** Expects shape, norm, mean and sample elements to agree within `relative` of the norm or the root mean square. */
export function expectClose(received: Tensor, expected: Summary, relative = 1e-4): void {
  const { shape, mean, norm, samples } = summary(received);
  expect(shape).toEqual(expected.shape);
  const count = shape.reduce((product, size) => product * size, 1);
  const rounding = (relative * expected.norm) / Math.sqrt(count);
  expect([norm], 'norm').toBeAllclose([expected.norm], { relative });
  expect([mean], 'mean').toBeAllclose([expected.mean], { absolute: rounding });
  expect(samples, 'samples').toBeAllclose(expected.samples, { absolute: 10 * rounding, relative });
}
