/**
 * Shares what the blocks of ResNet and ResNeSt have in common: a branch of convolutions that is added to a shortcut.
 */

import { type BatchNorm2d, Module, type Sequential } from '../../nn/index.js';
import { convolveNormalized, type NormalizedConvolution } from '../../nn/internal.js';
import { type Generator, type Tensor, tidy } from '../../torch/index.js';

/** Selects the convolution of a block of three that halves the size: the 3×3 one, or the first. */
export type BlockStyle = 'pytorch' | 'caffe';

/** Configures a block. */
export interface BlockOptions {
  readonly stride: number;
  /** Has no effect on blocks of two convolutions. */
  readonly style: BlockStyle;
  readonly dilation: number;
  readonly generator: Generator;
}

/** Adds a branch of convolutions to a shortcut. */
export abstract class ResidualBlock extends Module {
  /** Brings the input to the size of the output; null where they agree. */
  abstract readonly downsample: Sequential | null;

  /** Ends the branch, with its normalization. */
  protected abstract readonly last: NormalizedConvolution;

  /** Normalizes what is added to the shortcut. */
  get lastNorm(): BatchNorm2d {
    return this.last.bn;
  }

  /** Maps [N, in, H, W] to [N, expansion · width, H / stride, W / stride]. */
  forward(inputNCHW: Tensor): Tensor {
    return tidy(() => {
      const shortcut = this.downsample === null ? inputNCHW : this.downsample.forward(inputNCHW);
      return convolveNormalized(this.last, this.branch(inputNCHW), {
        residual: shortcut,
        activation: 'relu',
      });
    });
  }

  /** Runs the branch up to its last convolution. */
  protected abstract branch(inputNCHW: Tensor): Tensor;
}
