/** Describes what evaluation needs of a network. */

import type { Normalization } from '../data/index.js';
import type { Tensor } from '../torch/index.js';

/** Maps images to logits; a `Segmentor` is one. */
export interface SegmentationModel {
  /** Is true in training mode, which batch normalization and dropout follow. */
  readonly training: boolean;
  train(on?: boolean): unknown;
  /**
   * Returns the logits of images.
   * @param imagesNCHW normalized images, float32 [N, channels, H, W]; RGB for most networks
   * @returns logits at the images' size, [N, classes, H, W]
   */
  forward(imagesNCHW: Tensor): { readonly logitsNCHW: Tensor };
  /** Tells whether logits are resized with aligned corners, after passes at other sizes too; false when absent. */
  readonly alignCorners?: boolean;
  /** Gives the normalization that the network expects; the caller's, or else ImageNet's, when absent or null. */
  readonly normalization?: Normalization | null;
  /** Returns logits at the network's own resolution, for networks that can; the caller resizes them. */
  forwardLogits?(imagesNCHW: Tensor): { readonly logitsNCHW: Tensor };
}

/** Calls `work` with the model in evaluation mode, and restores its mode afterwards, also after an error. */
export async function inEvaluationMode<T>(model: SegmentationModel, work: () => Promise<T>): Promise<T> {
  const wasTraining = model.training;
  model.train(false);
  try {
    return await work();
  } finally {
    model.train(wasTraining);
  }
}
