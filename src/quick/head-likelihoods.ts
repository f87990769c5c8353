/** Computes what a head says of stored features: likelihoods of classes, as numbers of the host. */

import type { StackableHead } from '../models/index.js';
import { noGrad, type Tensor, tidy } from '../torch/index.js';

/**
 * Returns the likelihoods [points, classes] by a head in evaluation mode; each row sums to 1.
 *
 * @param features [points, channels], of any floating-point type
 */
export function headLikelihoods(head: StackableHead, features: Tensor): Float32Array {
  return tidy(() =>
    noGrad(() => {
      const device = head.parameters()[0]?.device ?? 'cpu';
      const [count = 0, channels = 0] = features.shape;
      // One row of pixels, in channels-last order, as in training.
      const row = features
        .to({ device, dtype: 'float32' })
        .reshape([1, 1, count, channels])
        .permute([0, 3, 1, 2]);
      return pointLikelihoods(head.forwardStacked(row).logitsNCHW);
    }),
  );
}

/** Returns the likelihoods [points, classes] of logits [1, classes, 1, points]. */
export function pointLikelihoods(logitsNCHW: Tensor): Float32Array {
  return tidy(() => {
    const [, classes = 0, , count = 0] = logitsNCHW.shape;
    const likelihoods = logitsNCHW.to({ dtype: 'float32', device: 'cpu' }).softmax(1).permute([0, 2, 3, 1]);
    return likelihoods.reshape([count, classes]).contiguous().toTypedArray() as Float32Array;
  });
}
