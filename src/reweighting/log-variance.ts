/**
 * Computes the logarithm of the variance of the class likelihoods (paper, Table 2), which tells unsure pixels further
 * apart.
 */

import { type Confidence, defineConfidence, indicate } from './confidence.js';
import { varianceShare } from './variance.js';

// Smallest share of the greatest variance that is told apart: float32 leaves about one digit of it.
const smallestShare = 1e-6;

/** Computes log max(v, ε) with ε = 1e-6 · v_max, mapped from [log ε, log v_max] to [−1, 1]. */
export const logVariance: Confidence = (logitsNCHW, { detach } = {}) =>
  indicate(logitsNCHW, {
    detach,
    map: (logits) =>
      varianceShare(logits)
        .clamp({ min: smallestShare })
        .log()
        .mul(-2 / Math.log(smallestShare))
        .add(1),
  });

export const logVarianceComponent = defineConfidence('log-variance', logVariance, {
  description: 'Logarithm of the variance, from a millionth of the largest one upward.',
});
