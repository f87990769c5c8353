/** Prepares a model for inference over many images. */

import { foldBatchNorm } from '../models/index.js';
import { kernels as currentKernels, resolvePrecision } from '../torch/internal.js';
import type { InferenceOptions } from './inference-protocol.js';
import { inEvaluationMode, type SegmentationModel } from './segmentation-model.js';

/**
 * Calls `work` with the model in evaluation mode. Unless `options.kernels` is `stock`, `work` gets a copy whose batch
 * normalizations are folded into its convolutions. The model's weights never change, and its mode is restored afterwards.
 */
export function inferWith<T>(
  model: SegmentationModel,
  options: InferenceOptions,
  work: (model: SegmentationModel) => Promise<T>,
): Promise<T> {
  return inEvaluationMode(model, async () => {
    if ((options.kernels ?? currentKernels()) === 'stock') return await work(model);
    using folded = foldBatchNorm(model, {
      dtype: resolvePrecision(options.precision ?? 'auto', options.device ?? 'cpu'),
    });
    return await work(folded);
  });
}
