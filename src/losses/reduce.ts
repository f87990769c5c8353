/** Reduces the losses of pixels to the loss of a batch, for training without a reweighter. */

import type { Tensor } from '../torch/index.js';

/**
 * Selects the pixels of a mean: `valid` takes labeled pixels only; `all` takes every pixel, ignored ones as 0, as
 * mmsegmentation does.
 */
export type Reduction = 'valid' | 'all';

/**
 * Returns the mean loss of a batch.
 *
 * @param lossesNHW [N,H,W], 0 where ignored
 * @param validNHW [N,H,W] bool, true for labeled pixels
 * @returns a scalar; exactly 0 with zero gradient when no pixel is labeled
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
