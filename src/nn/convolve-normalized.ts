/** Runs a convolution and the normalization that follows it: two layers in training, one operator in inference. */
import { type Tensor, tidy } from '../torch/index.js';
import type { BatchNorm2d } from './batch-norm2d.js';
import type { Conv2d } from './conv2d.js';
import type { Epilogue } from './epilogue.js';
import { foldedConvolutions } from './folded-convolutions.js';

/** Holds a convolution and the normalization of its output. */
export interface NormalizedConvolution {
  readonly conv: Conv2d;
  readonly bn: BatchNorm2d;
}

/**
 * Returns activation(bn(conv(input)) + residual).
 *
 * @param inputNCHW [N, in, H, W]
 * @returns [N, out, H', W']
 */
export function convolveNormalized(
  { conv, bn }: NormalizedConvolution,
  inputNCHW: Tensor,
  { residual = null, activation = 'none' }: Epilogue = {},
): Tensor {
  const folded = bn.training ? null : foldedConvolutions();
  if (folded !== null) return folded.convolve({ conv, bn }, inputNCHW, { residual, activation });
  return tidy(() => bn.forward(conv.forward(inputNCHW), { residual, activation }));
}
