/** Implements mmcv's `ConvModule`: convolution without bias, batch normalization and ReLU, with its initialization. */

import { BatchNorm2d, Conv2d, type Conv2dOptions, kaimingNormal, Module } from '../nn/index.js';
import { convolveNormalized } from '../nn/internal.js';
import type { Tensor } from '../torch/index.js';

/** Configures the geometry of a `ConvNormRelu`, and the generator that draws its weights. */
export interface ConvNormReluOptions
  extends Omit<Conv2dOptions, 'bias' | 'initializeWeight' | 'initializeBias'> {
  /** Share of a batch in the running statistics of the normalization; 0.1 by default. */
  readonly momentum?: number;
}

/** Applies a convolution, batch normalization and ReLU. */
export class ConvNormRelu extends Module {
  readonly conv: Conv2d;
  readonly bn: BatchNorm2d;

  constructor(inChannels: number, outChannels: number, { momentum = 0.1, ...options }: ConvNormReluOptions) {
    super();
    this.conv = new Conv2d(inChannels, outChannels, {
      ...options,
      bias: false,
      initializeWeight: kaimingNormal,
    });
    this.bn = new BatchNorm2d(outChannels, { momentum });
  }

  /** Maps [N, in, H, W] to [N, out, H', W']. */
  forward(inputNCHW: Tensor): Tensor {
    return convolveNormalized(this, inputNCHW, { activation: 'relu' });
  }
}
