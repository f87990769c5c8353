/** Resizes bilinearly, with pixel centers at half-integers (`align_corners = false`), as everywhere in this package. */
import { ops, type Tensor } from '../torch/index.js';
import { selectKernel } from '../torch/internal.js';

/**
 * Resizes [N, C, H, W] to [N, C, height, width] in float32. When the input already has that size, it is returned as it
 * is. On the CPU a kernel of this package computes it (native/kernels/resize_bilinear.cc), whose backward pass is
 * deterministic.
 */
export function resizeBilinear(inputNCHW: Tensor, [height, width]: readonly [number, number]): Tensor {
  const [, , inputHeight, inputWidth] = inputNCHW.shape;
  if (inputHeight === height && inputWidth === width) return inputNCHW;
  return selectKernel('resizeBilinear', {
    inputs: [inputNCHW],
    fused: () => ops.resizeBilinear(inputNCHW, [height, width]),
    stock: () => ops.upsampleBilinear2d(inputNCHW.to({ dtype: 'float32' }), [height, width], false),
  });
}

/** Returns height and width of [N, C, H, W]. */
export function spatialSize(inputNCHW: Tensor): readonly [number, number] {
  const [, , height = 0, width = 0] = inputNCHW.shape;
  return [height, width];
}
