/**
 * Implements the convolution of ResNeSt (Zhang et al. 2020, section 3): two groups of filters read the input, and in
 * every channel their results are mixed by a softmax over the two, computed from the mean of the whole image. It is
 * mmsegmentation's `SplitAttentionConv2d` with radix 2, one cardinal group and reduction 4.
 */

import { BatchNorm2d, Conv2d, constant, globalAveragePool, kaimingNormal, Module } from '../../nn/index.js';
import { convolveNormalized } from '../../nn/internal.js';
import { type Generator, type Tensor, tidy } from '../../torch/index.js';

const radix = 2;
const reduction = 4;
const leastAttentionChannels = 32;

export interface SplitAttentionOptions {
  readonly dilation: number;
  readonly generator: Generator;
}

/** Applies a 3×3 convolution with split attention. */
export class SplitAttentionConv2d extends Module {
  /** Maps to twice the channels; each half of its filters reads one half of the input. */
  readonly conv: Conv2d;
  readonly bn0: BatchNorm2d;
  readonly fc1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly fc2: Conv2d;

  constructor(channels: number, { dilation, generator }: SplitAttentionOptions) {
    super();
    const attentionChannels = Math.max((channels * radix) / reduction, leastAttentionChannels);
    const pointwise = {
      kernelSize: 1,
      generator,
      initializeWeight: kaimingNormal,
      initializeBias: constant(0),
    };
    this.conv = new Conv2d(channels, channels * radix, {
      kernelSize: 3,
      padding: dilation,
      dilation,
      groups: radix,
      bias: false,
      generator,
      initializeWeight: kaimingNormal,
    });
    this.bn0 = new BatchNorm2d(channels * radix);
    this.fc1 = new Conv2d(channels, attentionChannels, pointwise);
    this.bn1 = new BatchNorm2d(attentionChannels);
    this.fc2 = new Conv2d(attentionChannels, channels * radix, pointwise);
  }

  /** Maps [N, channels, H, W] to the same shape. */
  forward(inputNCHW: Tensor): Tensor {
    return tidy(() => {
      const splitsNCHW = convolveNormalized({ conv: this.conv, bn: this.bn0 }, inputNCHW, {
        activation: 'relu',
      });
      // The mean of a sum is the sum of the means, and summing one pixel instead of all saves a pass over the image.
      const attention = this.#attention(sumOfHalves(globalAveragePool(splitsNCHW)));
      return sumOfHalves(splitsNCHW.mul(attention));
    });
  }

  /** Maps means [N, channels, 1, 1] to the share of each split, [N, 2 · channels, 1, 1]. */
  #attention(meansNCHW: Tensor): Tensor {
    const hidden = convolveNormalized({ conv: this.fc1, bn: this.bn1 }, meansNCHW, { activation: 'relu' });
    const scores = this.fc2.forward(hidden);
    const [images = 0, channels = 0] = scores.shape;
    return scores
      .reshape([images, radix, channels / radix])
      .softmax(1)
      .reshape([images, channels, 1, 1]);
  }
}

/** Adds the halves of the channels: [N, 2 · channels, H, W] to [N, channels, H, W]. */
function sumOfHalves(splitsNCHW: Tensor): Tensor {
  const half = (splitsNCHW.shape[1] ?? 0) / radix;
  return splitsNCHW.narrow(1, 0, half).add(splitsNCHW.narrow(1, half, half));
}
