/** A tensor against the summary that PyTorch wrote of it. */
import type { Tensor } from 'coarsely/torch';
import { expect } from 'vitest';
import { type Summary, summary } from './deterministic-values.js';

export function expectClose(received: Tensor, expected: Summary, relative = 1e-4): void {
  const { shape, mean, norm, samples } = summary(received);
  expect(shape).toEqual(expected.shape);
  const count = shape.reduce((product, size) => product * size, 1);
  const tolerance = (relative * expected.norm) / Math.sqrt(count);
  expect(Math.abs(norm - expected.norm)).toBeLessThan(relative * expected.norm);
  expect(Math.abs(mean - expected.mean)).toBeLessThan(tolerance);
  for (const [index, sample] of samples.entries()) {
    const wanted = expected.samples[index] as number;
    expect(Math.abs(sample - wanted)).toBeLessThan(10 * tolerance + relative * Math.abs(wanted));
  }
}
