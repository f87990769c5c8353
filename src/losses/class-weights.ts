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
  const { pixels, present } = labeledPixels(counts, 'balancedClassWeights');
  return counts.map((count) => (count === 0 ? 1 : pixels / (present * count)));
}

/**
 * Returns weights that fall with the square root of a class's share: n / (√n_c · Σ_k √n_k), where n_c of n labeled pixels
 * have class c. The share of the loss of a class is then in proportion to √n_c, between that of its pixels and an equal one.
 * The mean of the weights over the labeled pixels is 1. A class without pixels has the weight 1.
 *
 * @param counts the number of labeled pixels of each class
 * @throws {OperationError} when there is no labeled pixel
 */
export function rootBalancedClassWeights(counts: readonly number[]): number[] {
  const { pixels } = labeledPixels(counts, 'rootBalancedClassWeights');
  const roots = counts.reduce((sum, count) => sum + Math.sqrt(count), 0);
  return counts.map((count) => (count === 0 ? 1 : pixels / (Math.sqrt(count) * roots)));
}

/** Counts the labeled pixels and the classes that have any. */
function labeledPixels(
  counts: readonly number[],
  operation: string,
): { readonly pixels: number; readonly present: number } {
  const present = counts.filter((count) => count > 0);
  if (present.length === 0) throw new OperationError(`${operation}: expected labeled pixels, received none`);
  return { pixels: present.reduce((sum, count) => sum + count, 0), present: present.length };
}
