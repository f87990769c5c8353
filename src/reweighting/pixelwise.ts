/** The 1×1 convolutions of weight functions, over pixels in a row: no image layout stands in their way. */

import type { Conv2d } from '../nn/index.js';
import { ops, type Tensor } from '../torch/index.js';

/** A 1×1 convolution of features [in, P] as one matrix product, [out, P]. */
export function pixelwise({ weight, bias }: Conv2d, features: Tensor): Tensor {
  const [outputs = 1, inputs = 1] = weight.shape;
  const matrix = weight.reshape([outputs, inputs]);
  if (bias === null) return matrix.matmul(features);
  return ops.addmm(bias.unsqueeze(1), matrix, features);
}
