/** Averages the losses of chosen pixels, as region losses of unlabeled pixels do. */

import { OperationError } from '../errors/index.js';
import type { Tensor } from '../torch/index.js';

/** Returns the pixels of the image that have no label, [N,H,W] bool. */
export function uncoveredPixels(
  labelsNHW: Tensor,
  { ignoreIndex, insideNHW }: { readonly ignoreIndex: number; readonly insideNHW?: Tensor | undefined },
): Tensor {
  const unlabeledNHW = labelsNHW.eq(ignoreIndex);
  return insideNHW ? unlabeledNHW.logicalAnd(insideNHW) : unlabeledNHW;
}

/**
 * Returns the mean of the losses of chosen pixels: of each image, where one without such pixels has the loss 0, and then
 * over the images; or over all pixels at once.
 *
 * @param lossesNHW losses, [N,H,W] float32
 * @param chosenNHW the pixels that count, [N,H,W] bool
 */
export function meanOfChosen(
  lossesNHW: Tensor,
  { chosenNHW, perImage }: { readonly chosenNHW: Tensor; readonly perImage: boolean },
): Tensor {
  const counted = lossesNHW.where(chosenNHW, 0);
  if (!perImage) return counted.sum().div(chosenNHW.sum().clamp({ min: 1 }));
  return counted
    .sum([1, 2])
    .div(chosenNHW.sum([1, 2]).clamp({ min: 1 }))
    .mean();
}

/**
 * Checks that an input of a region loss was given and has a shape.
 *
 * @throws {OperationError} naming the loss, the input, what was expected and what came
 */
export function expectGiven(
  loss: string,
  {
    name,
    tensor,
    shape,
  }: { readonly name: string; readonly tensor?: Tensor | undefined; readonly shape: readonly number[] },
): Tensor {
  if (tensor !== undefined && String(tensor.shape) === String(shape)) return tensor;
  throw new OperationError(
    `${loss}: expected ${name} [${shape.join(',')}], received ${tensor === undefined ? 'none' : `[${tensor.shape.join(',')}]`}`,
  );
}
