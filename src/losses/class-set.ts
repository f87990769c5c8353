/** Computes the loss of pixels of which only a set of possible classes is known: −log of the set's summed likelihood. */

import type { Tensor } from '../torch/index.js';

/**
 * Returns −log Σ p_c over the allowed classes for each pixel, [N,H,W] float32, computed from differences of logits so that
 * it is finite for logits of any size. A pixel without allowed classes has the loss 0.
 *
 * @param logitsNCHW logits, [N,C,H,W] float32
 * @param allowed the classes that a pixel may have, [N,C,H,W] or [N,C,1,1] bool
 * @param options.q bounds the loss: (1 − P^q) / q for the summed likelihood P, which for 0 (the default) is −log P
 */
export function classSetLosses(
  logitsNCHW: Tensor,
  allowed: Tensor,
  { q = 0 }: { readonly q?: number } = {},
): Tensor {
  const some = allowed.sum(1, { keepDim: true }).gt(0);
  const all = some.logicalNot().logicalOr(allowed);
  const chosen = logitsNCHW.where(all, Number.NEGATIVE_INFINITY);
  const losses = logSumExp(logitsNCHW).sub(logSumExp(chosen)).clamp({ min: 0 });
  return q === 0 ? losses : losses.mul(-q).exp().neg().add(1).div(q);
}

/** Returns log Σ exp(x) over the classes, [N,H,W]. */
function logSumExp(logitsNCHW: Tensor): Tensor {
  const largest = logitsNCHW.detach().amax(1, { keepDim: true });
  return logitsNCHW.sub(largest).exp().sum(1).log().add(largest.squeeze(1));
}
