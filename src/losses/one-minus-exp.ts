/** Computes 1 − e^{−x}, which robust losses are made of, without losing the digits of a small x. */

import type { Tensor } from '../torch/index.js';

/**
 * Returns 1 − e^{−x} = 2t / (1 + t) with t = tanh(x/2). It is exact to rounding also for x near 0, where the
 * subtraction cancels all digits, and its derivative is finite everywhere.
 *
 * @param x at least 0, any shape
 */
export function oneMinusExp(x: Tensor): Tensor {
  const t = x.mul(0.5).tanh();
  return t.mul(2).div(t.add(1));
}
