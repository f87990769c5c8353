/** Bilinear resizing with pixel centres at half-integers (`align_corners = false`), as everywhere in this package. */
import { ops, type Tensor } from '../torch/index.js';

/** [N, C, H, W] to [N, C, height, width]; the argument itself when it already has that size. */
export function resizeBilinear(inputNCHW: Tensor, [height, width]: readonly [number, number]): Tensor {
  const [, , inputHeight, inputWidth] = inputNCHW.shape;
  if (inputHeight === height && inputWidth === width) return inputNCHW;
  return ops.upsampleBilinear2d(inputNCHW, [height, width], false);
}

/** Height and width of [N, C, H, W]. */
export function spatialSize(inputNCHW: Tensor): readonly [number, number] {
  const [, , height = 0, width = 0] = inputNCHW.shape;
  return [height, width];
}
