/** From losses of pixels to the loss of a batch, where no reweighter does it. */

import type { Tensor } from '../torch/index.js';

/** `valid`: the mean over labeled pixels; `all`: over every pixel, ignored ones counting as 0 (mmsegmentation's). */
export type Reduction = 'valid' | 'all';

/**
 * @param lossesNHW [N,H,W], 0 where ignored
 * @param validNHW [N,H,W] bool
 * @returns a scalar; exactly 0 with zero gradient when nothing is labeled
 */
export function reduceLosses(lossesNHW: Tensor, validNHW: Tensor, reduction: Reduction = 'valid'): Tensor {
  switch (reduction) {
    case 'valid':
      return lossesNHW.sum().div(validNHW.sum().clamp({ min: 1 }));
    case 'all':
      return lossesNHW.mean();
    default:
      return reduction satisfies never;
  }
}
