/**
 * The block of ResNeSt: ResNet's bottleneck with split attention in place of the 3×3 convolution. Where the size is
 * halved a mean over 3×3 pixels does it, after the attention, and a mean over 2×2 on the way past.
 */
import {
  AveragePool2d,
  BatchNorm2d,
  Conv2d,
  kaimingNormal,
  Module,
  type Sequential,
} from '../../nn/index.js';
import { convolveNormalized } from '../../nn/internal.js';
import { type Tensor, tidy } from '../../torch/index.js';
import { createPooledDownsample } from '../resnet/downsample.js';
import type { BlockOptions, ResidualBlock } from '../resnet/residual-block.js';
import { SplitAttentionConv2d } from './split-attention.js';

export class SplitAttentionBlock extends Module implements ResidualBlock {
  static readonly expansion = 4;

  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly conv2: SplitAttentionConv2d;
  readonly pool: AveragePool2d | null;
  readonly conv3: Conv2d;
  readonly bn3: BatchNorm2d;
  readonly downsample: Sequential | null;

  /** A dilated block without stride does not pool, as in mmsegmentation; the authors' own dilated network does. */
  constructor(inChannels: number, width: number, { stride, dilation, generator }: BlockOptions) {
    super();
    const outChannels = width * SplitAttentionBlock.expansion;
    const pointwise = { kernelSize: 1, bias: false, generator, initializeWeight: kaimingNormal };
    this.conv1 = new Conv2d(inChannels, width, pointwise);
    this.bn1 = new BatchNorm2d(width);
    this.conv2 = new SplitAttentionConv2d(width, { dilation, generator });
    this.pool = stride === 1 ? null : new AveragePool2d({ kernelSize: 3, stride, padding: 1 });
    this.conv3 = new Conv2d(width, outChannels, pointwise);
    this.bn3 = new BatchNorm2d(outChannels);
    this.downsample =
      stride === 1 && inChannels === outChannels
        ? null
        : createPooledDownsample(inChannels, outChannels, { stride, generator });
  }

  get lastNorm(): BatchNorm2d {
    return this.bn3;
  }

  /** [N, in, H, W] to [N, 4 · width, H / stride, W / stride]. */
  forward(inputNCHW: Tensor): Tensor {
    return tidy(() => {
      const shortcut = this.downsample === null ? inputNCHW : this.downsample.forward(inputNCHW);
      const reduced = convolveNormalized({ conv: this.conv1, bn: this.bn1 }, inputNCHW, {
        activation: 'relu',
      });
      const attended = this.conv2.forward(reduced);
      const pooled = this.pool === null ? attended : this.pool.forward(attended);
      return convolveNormalized({ conv: this.conv3, bn: this.bn3 }, pooled, {
        residual: shortcut,
        activation: 'relu',
      });
    });
  }
}
