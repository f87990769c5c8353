/** Implements the block of ResNet-50 and 101: 1×1 down, 3×3, 1×1 up to four times the width. */

import { BatchNorm2d, Conv2d, kaimingNormal, type Sequential } from '../../nn/index.js';
import { convolveNormalized, type NormalizedConvolution } from '../../nn/internal.js';
import type { Tensor } from '../../torch/index.js';
import { createDownsample } from './downsample.js';
import { type BlockOptions, ResidualBlock } from './residual-block.js';

export class BottleneckBlock extends ResidualBlock {
  static readonly expansion = 4;

  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly conv2: Conv2d;
  readonly bn2: BatchNorm2d;
  readonly conv3: Conv2d;
  readonly bn3: BatchNorm2d;
  readonly downsample: Sequential | null;

  /** Gives the dilation to the 3×3 convolution, and the stride too unless the style is `caffe`. */
  constructor(inChannels: number, width: number, { stride, style, dilation, generator }: BlockOptions) {
    super();
    const outChannels = width * BottleneckBlock.expansion;
    const shared = { bias: false, generator, initializeWeight: kaimingNormal };
    const [stride1, stride2] = style === 'caffe' ? [stride, 1] : [1, stride];
    this.conv1 = new Conv2d(inChannels, width, { ...shared, kernelSize: 1, stride: stride1 });
    this.bn1 = new BatchNorm2d(width);
    this.conv2 = new Conv2d(width, width, {
      ...shared,
      kernelSize: 3,
      stride: stride2,
      padding: dilation,
      dilation,
    });
    this.bn2 = new BatchNorm2d(width);
    this.conv3 = new Conv2d(width, outChannels, { ...shared, kernelSize: 1 });
    this.bn3 = new BatchNorm2d(outChannels);
    this.downsample = createDownsample(inChannels, outChannels, { stride, generator });
  }

  protected get last(): NormalizedConvolution {
    return { conv: this.conv3, bn: this.bn3 };
  }

  protected branch(inputNCHW: Tensor): Tensor {
    const reduced = convolveNormalized({ conv: this.conv1, bn: this.bn1 }, inputNCHW, { activation: 'relu' });
    return convolveNormalized({ conv: this.conv2, bn: this.bn2 }, reduced, { activation: 'relu' });
  }
}
