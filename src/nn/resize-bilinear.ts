/** Resizes bilinearly, with pixel centers at half-integers unless the corners are to be aligned. */
import { ops, type Tensor } from '../torch/index.js';
import { selectKernel } from '../torch/internal.js';

/** Configures `resizeBilinear`. */
export interface ResizeOptions {
  /**
   * Puts the centers of the corner pixels onto each other (PyTorch's `align_corners`), so that distances between pixels
   * scale by (size − 1) / (input − 1); false by default.
   */
  readonly alignCorners?: boolean;
}

/**
 * Resizes [N, C, H, W] to [N, C, height, width] in float32. When the input already has that size, it is returned as it
 * is. On the CPU a kernel of this package computes it (native/kernels/resize_bilinear.cc), whose backward pass is
 * deterministic.
 */
export function resizeBilinear(
  inputNCHW: Tensor,
  [height, width]: readonly [number, number],
  { alignCorners = false }: ResizeOptions = {},
): Tensor {
  const [, , inputHeight, inputWidth] = inputNCHW.shape;
  if (inputHeight === height && inputWidth === width) return inputNCHW;
  const stock = () =>
    ops.upsampleBilinear2d(inputNCHW.to({ dtype: 'float32' }), [height, width], alignCorners);
  if (alignCorners) return stock();
  return selectKernel('resizeBilinear', {
    inputs: [inputNCHW],
    fused: () => ops.resizeBilinear(inputNCHW, [height, width]),
    stock,
  });
}

/** Returns height and width of [N, C, H, W]. */
export function spatialSize(inputNCHW: Tensor): readonly [number, number] {
  const [, , height = 0, width = 0] = inputNCHW.shape;
  return [height, width];
}
