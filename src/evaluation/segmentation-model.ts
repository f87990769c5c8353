/** What evaluation needs of a network: a `Segmentor`, or anything that maps images to logits of the same size. */
import type { Tensor } from '../torch/index.js';

export interface SegmentationModel {
  /** Batch normalization and dropout follow it; evaluation switches it off and puts it back. */
  readonly training: boolean;
  train(on?: boolean): unknown;
  /**
   * @param imagesNCHW normalized RGB, float32 [N, 3, H, W]
   * @returns logits at the images' size, [N, classes, H, W]
   */
  forward(imagesNCHW: Tensor): { readonly logitsNCHW: Tensor };
  /** Logits at a resolution of the network's own, which a prediction brings to the images' size itself. */
  forwardLogits?(imagesNCHW: Tensor): { readonly logitsNCHW: Tensor };
}

/** Runs `work` with the model in evaluation mode, and puts the mode back whatever happens. */
export async function inEvaluationMode<T>(model: SegmentationModel, work: () => Promise<T>): Promise<T> {
  const wasTraining = model.training;
  model.train(false);
  try {
    return await work();
  } finally {
    model.train(wasTraining);
  }
}
