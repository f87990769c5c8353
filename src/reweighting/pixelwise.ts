/** Applies the 1×1 convolutions of weight functions to pixels in a row, so that no image layout has to be kept. */

import type { Conv2d } from '../nn/index.js';
import { ops, type Tensor } from '../torch/index.js';

/** Applies a 1×1 convolution to features [in, P] as one matrix product, and returns [out, P]. */
export function pixelwise({ weight, bias }: Conv2d, features: Tensor): Tensor {
  const [outputs = 1, inputs = 1] = weight.shape;
  const matrix = weight.reshape([outputs, inputs]);
  if (bias === null) return matrix.matmul(features);
  return ops.addmm(bias.unsqueeze(1), matrix, features);
}
