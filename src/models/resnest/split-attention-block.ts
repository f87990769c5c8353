/**
 * Implements the block of ResNeSt: ResNet's bottleneck with split attention in place of the 3×3 convolution. Where
 * the size is halved, a mean over 3×3 pixels does it after the attention, and a mean over 2×2 in the shortcut.
 */

import { AveragePool2d, BatchNorm2d, Conv2d, kaimingNormal, type Sequential } from '../../nn/index.js';
import { convolveNormalized, type NormalizedConvolution } from '../../nn/internal.js';
import type { Tensor } from '../../torch/index.js';
import { createDownsample } from '../resnet/downsample.js';
import { type BlockOptions, ResidualBlock } from '../resnet/residual-block.js';
import { SplitAttentionConv2d } from './split-attention.js';

export class SplitAttentionBlock extends ResidualBlock {
  static readonly expansion = 4;

  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly conv2: SplitAttentionConv2d;
  readonly pool: AveragePool2d | null;
  readonly conv3: Conv2d;
  readonly bn3: BatchNorm2d;
  readonly downsample: Sequential | null;

  /** Strides in the first convolution if the style is `caffe`. Otherwise pools, only at a stride, also when dilated, as mmsegmentation does; the authors' dilated network always pools. */
  constructor(inChannels: number, width: number, { stride, style, dilation, generator }: BlockOptions) {
    super();
    const outChannels = width * SplitAttentionBlock.expansion;
    const pointwise = { kernelSize: 1, bias: false, generator, initializeWeight: kaimingNormal };
    const [stride1, poolStride] = style === 'caffe' ? [stride, 1] : [1, stride];
    this.conv1 = new Conv2d(inChannels, width, { ...pointwise, stride: stride1 });
    this.bn1 = new BatchNorm2d(width);
    this.conv2 = new SplitAttentionConv2d(width, { dilation, generator });
    this.pool =
      poolStride === 1 ? null : new AveragePool2d({ kernelSize: 3, stride: poolStride, padding: 1 });
    this.conv3 = new Conv2d(width, outChannels, pointwise);
    this.bn3 = new BatchNorm2d(outChannels);
    this.downsample = createDownsample(inChannels, outChannels, { stride, pooled: true, generator });
  }

  protected get last(): NormalizedConvolution {
    return { conv: this.conv3, bn: this.bn3 };
  }

  protected branch(inputNCHW: Tensor): Tensor {
    const reduced = convolveNormalized({ conv: this.conv1, bn: this.bn1 }, inputNCHW, { activation: 'relu' });
    const attended = this.conv2.forward(reduced);
    return this.pool === null ? attended : this.pool.forward(attended);
  }
}
