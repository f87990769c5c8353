/** 1 − e^{−x}, which robust losses are made of, without losing the digits of a small x. */

import type { Tensor } from '../torch/index.js';

/**
 * 1 − e^{−x} = 2t / (1 + t) with t = tanh(x/2): exact to rounding also for x near 0, where subtracting from 1 would
 * leave nothing of it, and with a derivative that is finite everywhere.
 *
 * @param x ≥ 0, any shape
 */
export function oneMinusExp(x: Tensor): Tensor {
  const t = x.mul(0.5).tanh();
  return t.mul(2).div(t.add(1));
}
