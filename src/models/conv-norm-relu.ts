/** Convolution without bias, batch normalization, ReLU: mmcv's `ConvModule`, with its initialization. */
import { BatchNorm2d, Conv2d, type Conv2dOptions, kaimingNormal, Module } from '../nn/index.js';
import { convolveNormalized } from '../nn/internal.js';
import type { Tensor } from '../torch/index.js';

/** The geometry and generator of a convolution; the rest is fixed. */
export type ConvNormReluOptions = Omit<Conv2dOptions, 'bias' | 'initializeWeight' | 'initializeBias'>;

export class ConvNormRelu extends Module {
  readonly conv: Conv2d;
  readonly bn: BatchNorm2d;

  constructor(inChannels: number, outChannels: number, options: ConvNormReluOptions) {
    super();
    this.conv = new Conv2d(inChannels, outChannels, {
      ...options,
      bias: false,
      initializeWeight: kaimingNormal,
    });
    this.bn = new BatchNorm2d(outChannels);
  }

  /** [N, in, H, W] to [N, out, H', W']. */
  forward(inputNCHW: Tensor): Tensor {
    return convolveNormalized(this, inputNCHW, { activation: 'relu' });
  }
}
