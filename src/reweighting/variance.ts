/** Computes variance and standard deviation of the class likelihoods (paper, Eq. 3 and Table 2). */

import type { Tensor } from '../torch/index.js';
import { type Confidence, type ConfidenceOptions, defineConfidence, indicate } from './confidence.js';

/**
 * Computes the normalized variance of the class likelihoods (Eq. 3): v̂ = 2 (C Σ_c p_c² − 1) / (C − 1) − 1.
 * A network of one class is always certain: +1.
 */
export const variance: Confidence = Object.assign(plainVariance, { fused: 'variance' as const });

function plainVariance(logitsNCHW: Tensor, { detach }: ConfidenceOptions = {}): Tensor {
  return indicate(logitsNCHW, { detach, map: (logits) => varianceShare(logits).mul(2).sub(1) });
}

// Keeps the derivative of the root finite where all classes are equally likely.
const smallest = 1e-37;

/** Computes the standard deviation of the class likelihoods over its maximum, √v / √v_max, mapped to [−1, 1]. */
export const standardDeviation: Confidence = (logitsNCHW, { detach } = {}) =>
  indicate(logitsNCHW, {
    detach,
    map: (logits) => varianceShare(logits).clamp({ min: smallest }).sqrt().mul(2).sub(1),
  });

/** Returns v / v_max ∈ [0, 1], [N,H,W]. */
export function varianceShare(logitsNCHW: Tensor): Tensor {
  const classCount = logitsNCHW.shape[1] ?? 1;
  const sumOfSquares = logitsNCHW.softmax(1).square().sum(1);
  if (classCount === 1) return sumOfSquares;
  // Rounding may leave [0, 1] by an ulp, and a square root or a logarithm would turn that into NaN.
  return sumOfSquares
    .mul(classCount)
    .sub(1)
    .div(classCount - 1)
    .clamp({ min: 0, max: 1 });
}

export const varianceComponent = defineConfidence('variance', variance, {
  description: 'Variance of the class likelihoods (paper, Eq. 3).',
});
export const standardDeviationComponent = defineConfidence('std', standardDeviation, {
  description: 'Standard deviation of the class likelihoods.',
});
