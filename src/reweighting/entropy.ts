/**
 * Computes the negative entropy of the class likelihoods (paper, Table 2). The paper reports NaN for it: Σ −p log p
 * from likelihoods is 0 · −∞ once one of them underflows. From log-likelihoods it is finite, and so is its gradient.
 */

import type { Tensor } from '../torch/index.js';
import { type Confidence, type ConfidenceOptions, defineConfidence, indicate } from './confidence.js';

// e^−150 is 0 in float32, so that 0 · log 0 = 0 holds below it, also for a logit of −∞.
const lowestLogLikelihood = -150;

/** Computes −H(p), mapped from [−log C, 0] to [−1, 1]. A network of one class is always certain: +1. */
export const entropy: Confidence = Object.assign(plainEntropy, { fused: 'entropy' as const });

function plainEntropy(logitsNCHW: Tensor, { detach }: ConfidenceOptions = {}): Tensor {
  return indicate(logitsNCHW, {
    detach,
    map: (logits) => {
      const greatest = Math.log(Math.max(logits.shape[1] ?? 1, 2));
      const logLikelihoods = logits.logSoftmax(1).clamp({ min: lowestLogLikelihood });
      const negativeEntropy = logLikelihoods.exp().mul(logLikelihoods).sum(1);
      return negativeEntropy
        .mul(2 / greatest)
        .add(1)
        .clamp({ min: -1, max: 1 });
    },
  });
}

export const entropyComponent = defineConfidence('entropy', entropy, {
  description: 'Negative entropy of the class likelihoods.',
});
