/** p_y, the likelihood that the network gives a pixel's own label: what loss-based strategies look at (section 2). */

import { crossEntropy } from '../losses/index.js';
import { noGrad, type Tensor } from '../torch/index.js';

/**
 * softmax(logits)_y, as exp(−cross-entropy), which holds for logits of any size.
 *
 * @param logitsNCHW [N,C,H,W], any floating dtype
 * @param labelsNHW [N,H,W] int64
 * @returns [N,H,W] float32 in [0, 1], without gradient; 1 where ignored
 */
export function trueClassProbability(logitsNCHW: Tensor, labelsNHW: Tensor): Tensor {
  return noGrad(() => crossEntropy(logitsNCHW, labelsNHW).neg().exp());
}
