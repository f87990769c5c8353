/** Implements the block of ResNet-18 and 34: two 3×3 convolutions. */

import { BatchNorm2d, Conv2d, kaimingNormal, type Sequential } from '../../nn/index.js';
import { convolveNormalized, type NormalizedConvolution } from '../../nn/internal.js';
import type { Tensor } from '../../torch/index.js';
import { createDownsample } from './downsample.js';
import { type BlockOptions, ResidualBlock } from './residual-block.js';

export class BasicBlock extends ResidualBlock {
  static readonly expansion = 1;

  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly conv2: Conv2d;
  readonly bn2: BatchNorm2d;
  readonly downsample: Sequential | null;

  /** Dilates the first convolution only, as mmsegmentation does. */
  constructor(inChannels: number, width: number, { stride, dilation, generator }: BlockOptions) {
    super();
    const shared = { kernelSize: 3, bias: false, generator, initializeWeight: kaimingNormal };
    this.conv1 = new Conv2d(inChannels, width, { ...shared, stride, padding: dilation, dilation });
    this.bn1 = new BatchNorm2d(width);
    this.conv2 = new Conv2d(width, width, { ...shared, padding: 1 });
    this.bn2 = new BatchNorm2d(width);
    this.downsample = createDownsample(inChannels, width, { stride, generator });
  }

  protected get last(): NormalizedConvolution {
    return { conv: this.conv2, bn: this.bn2 };
  }

  protected branch(inputNCHW: Tensor): Tensor {
    return convolveNormalized({ conv: this.conv1, bn: this.bn1 }, inputNCHW, { activation: 'relu' });
  }
}
