/** The model as inference runs it, for as long as some work over many images takes. */
import { foldBatchNorm } from '../models/index.js';
import { kernels as currentKernels, resolvePrecision } from '../torch/internal.js';
import type { InferenceOptions } from './infer-labels.js';
import { inEvaluationMode, type SegmentationModel } from './segmentation-model.js';

/**
 * Runs `work` with the model in evaluation mode, its batch normalizations folded into its convolutions unless
 * `options.kernels` is `stock`. Afterwards the model is in the mode it was in; it never changes.
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
