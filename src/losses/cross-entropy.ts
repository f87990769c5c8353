/** Computes cross-entropy, −log p_y, for every pixel. The other losses are made from it. */

import { z } from 'zod';
import { defineComponent, parseOptions } from '../registry/index.js';
import { autocast, ops, type Tensor } from '../torch/index.js';
import {
  ignoreIndex as defaultIgnoreIndex,
  expectLabels,
  type FusedLoss,
  type PixelLoss,
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

const schema = z
  .strictObject({
    labelSmoothing: z
      .number()
      .min(0)
      .lt(1)
      .default(0)
      .describe(
        'Share ε of the target that all classes have alike: the loss is (1 − ε) · −log p_y + ε · the mean of −log p_c ' +
          'over all classes. 0 is plain cross-entropy.',
      ),
  })
  .describe('Cross-entropy, −log p_y.');

/** Configures `smoothedCrossEntropy`. */
export interface SmoothedCrossEntropyOptions extends z.input<typeof schema> {}

/**
 * Returns cross-entropy against smoothed labels (Szegedy et al. 2016), as PyTorch's `F.cross_entropy` with
 * `label_smoothing`: (1 − ε) · w_y · −log p_y + ε/C · Σ_c w_c · −log p_c, where w are the class weights, 1 without any.
 * With ε = 0 it returns `crossEntropy`.
 *
 * @throws {OperationError} when ε is outside [0, 1); the loss throws where `crossEntropy` does
 */
export function smoothedCrossEntropy(options: SmoothedCrossEntropyOptions = {}): PixelLoss {
  const { labelSmoothing } = parseOptions('smoothedCrossEntropy', schema, options);
  if (labelSmoothing === 0) return crossEntropy;
  const loss: PixelLoss = (
    logitsNCHW,
    labelsNHW,
    { ignoreIndex = defaultIgnoreIndex, classWeights = null } = {},
  ) => {
    expectLabels('smoothedCrossEntropy', logitsNCHW, labelsNHW);
    return autocast({ device: logitsNCHW.device, enabled: false }, () =>
      ops.crossEntropyLoss(logitsNCHW.to({ dtype: 'float32' }), labelsNHW, {
        weight: classWeights,
        reduction: unreduced,
        ignoreIndex,
        labelSmoothing,
      }),
    );
  };
  const fused = { kind: 'smoothed', parameter: labelSmoothing } satisfies FusedLoss as FusedLoss;
  return Object.assign(loss, { weighsClasses: true, fused });
}

export const crossEntropyComponent = defineComponent({
  kind: 'cross-entropy',
  options: schema,
  create: smoothedCrossEntropy,
});
