/** Weighs the losses of pixels by the class of their label, so that rare classes count as much as frequent ones. */

import { OperationError } from '../errors/index.js';
import type { Tensor } from '../torch/index.js';

/**
 * Returns the weight of the class of every pixel's label.
 *
 * @param classWeights [C] float32, at least 0
 * @param labelsNHW [N,H,W] int64
 * @param validNHW [N,H,W] bool, true for labeled pixels
 * @returns [N,H,W] float32, 0 where ignored
 */
export function labelWeights(classWeights: Tensor, labelsNHW: Tensor, validNHW: Tensor): Tensor {
  const places = labelsNHW.where(validNHW, 0).reshape([-1]);
  return classWeights.indexSelect(0, places).reshape(labelsNHW.shape).mul(validNHW);
}

/**
 * Returns weights with which every class has the same share of the loss: n / (K · n_c), where n_c of n labeled pixels have
 * class c and K classes have any. Their mean over the labeled pixels is 1. A class without pixels has the weight 1.
 *
 * @param counts the number of labeled pixels of each class
 * @throws {OperationError} when there is no labeled pixel
 */
export function balancedClassWeights(counts: readonly number[]): number[] {
  const present = counts.filter((count) => count > 0);
  const pixels = present.reduce((sum, count) => sum + count, 0);
  if (present.length === 0)
    throw new OperationError('balancedClassWeights: expected labeled pixels, received none');
  return counts.map((count) => (count === 0 ? 1 : pixels / (present.length * count)));
}
