/** Computes cross-entropy, −log p_y, for every pixel. The other losses are made from it. */

import { z } from 'zod';
import { defineComponent } from '../registry/index.js';
import { autocast, ops, type Tensor } from '../torch/index.js';
import {
  ignoreIndex as defaultIgnoreIndex,
  expectLabels,
  type FusedLoss,
  type PixelLossOptions,
} from './pixel-loss.js';

// libtorch's code for a loss that is neither summed nor averaged.
const unreduced = 0;

/**
 * Returns −log softmax(logits)_y for every pixel, in float32 also under autocast.
 *
 * @param logitsNCHW [N,C,H,W], any floating dtype
 * @param labelsNHW [N,H,W] int64; pixels with the label `ignoreIndex` have loss 0 and no gradient
 * @returns [N,H,W] float32
 * @throws {OperationError} when shapes do not match or labels are not int64
 */
export function crossEntropy(
  logitsNCHW: Tensor,
  labelsNHW: Tensor,
  { ignoreIndex = defaultIgnoreIndex }: PixelLossOptions = {},
): Tensor {
  expectLabels('crossEntropy', logitsNCHW, labelsNHW);
  return autocast({ device: logitsNCHW.device, enabled: false }, () =>
    ops.crossEntropyLoss(logitsNCHW.to({ dtype: 'float32' }), labelsNHW, {
      reduction: unreduced,
      ignoreIndex,
    }),
  );
}

crossEntropy.fused = { kind: 'cross-entropy', parameter: 0 } satisfies FusedLoss as FusedLoss;

export const crossEntropyComponent = defineComponent({
  kind: 'cross-entropy',
  options: z.strictObject({}).describe('Cross-entropy, −log p_y.'),
  create: () => crossEntropy,
});
