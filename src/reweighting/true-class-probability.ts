/** Computes p_y, the likelihood of a pixel's own label, which loss-based strategies look at (paper, section 2). */

import { crossEntropy } from '../losses/index.js';
import { noGrad, type Tensor } from '../torch/index.js';

/**
 * Returns softmax(logits)_y. It is computed as exp(−cross-entropy), which is exact for logits of any size.
 *
 * @param logitsNCHW [N,C,H,W], any floating dtype
 * @param labelsNHW [N,H,W] int64
 * @returns [N,H,W] float32 in [0, 1], without gradient; 1 where ignored
 * @throws {OperationError} when shapes do not match or labels are not int64
 */
export function trueClassProbability(logitsNCHW: Tensor, labelsNHW: Tensor): Tensor {
  return noGrad(() => crossEntropy(logitsNCHW, labelsNHW).neg().exp());
}
