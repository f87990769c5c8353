/** Bilinear resizing with pixel centers at half-integers (`align_corners = false`), as everywhere in this package. */
import { ops, type Tensor } from '../torch/index.js';

/**
 * [N, C, H, W] to [N, C, height, width], float32 whatever the input's floating dtype; the argument itself when it already
 * has that size. On the CPU our own kernel (native/kernels): channels-last, and deterministic also backward.
 */
export function resizeBilinear(inputNCHW: Tensor, [height, width]: readonly [number, number]): Tensor {
  const [, , inputHeight, inputWidth] = inputNCHW.shape;
  if (inputHeight === height && inputWidth === width) return inputNCHW;
  return ops.resizeBilinear(inputNCHW, [height, width]);
}

/** Height and width of [N, C, H, W]. */
export function spatialSize(inputNCHW: Tensor): readonly [number, number] {
  const [, , height = 0, width = 0] = inputNCHW.shape;
  return [height, width];
}
