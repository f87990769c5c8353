/** Uses the uncertainty s that the KL loss has the network predict as a confidence (paper, Eq. 1 and Table 4). */

import { expectLogScale, logScaleHead, logScaleRange } from '../losses/internal.js';
import { type Confidence, defineConfidence, indicate } from './confidence.js';

/**
 * Computes −log s, mapped and clamped to [−1, 1]. By Eq. 2, s is twice the cross-entropy that the network expects. So
 * −1 stands for an expected cross-entropy of log C (all classes equally likely) or more, and +1 for the least s that
 * the loss allows, that of a cross-entropy of 0.009. A network of one class is always certain: +1.
 *
 * @throws {OperationError} when `extraHeads.logScale` [N,1,H,W] is missing or of another shape
 */
export const klScale: Confidence = (logitsNCHW, { extraHeads = {}, detach } = {}) =>
  indicate(logitsNCHW, {
    detach,
    map: (logits) => {
      const [count = 0, classCount = 1, height = 0, width = 0] = logits.shape;
      const logScaleNHW = expectLogScale('kl-scale', extraHeads, {
        likeNHW: { shape: [count, height, width] },
      });
      const r = logScaleNHW.to({ dtype: 'float32' });
      if (classCount === 1) return r.clamp({ min: 1, max: 1 });
      const greatest = Math.log(2 * Math.log(classCount));
      return r
        .sub(greatest)
        .mul(2 / (logScaleRange.least - greatest))
        .sub(1)
        .clamp({ min: -1, max: 1 });
    },
  });

export const klScaleComponent = defineConfidence('kl-scale', klScale, {
  description: '−log s of the KL loss, which trains the head that predicts it.',
  needs: [logScaleHead],
});
