/**
 * Implements the depthwise separable convolution of DeepLabv3+ and mmcv: a 3×3 filter for each channel, then a 1×1
 * convolution across channels, each followed by batch normalization and ReLU.
 */

import { Module } from '../nn/index.js';
import type { Generator, Tensor } from '../torch/index.js';
import { ConvNormRelu } from './conv-norm-relu.js';

/** Configures `SeparableConv`. */
export interface SeparableConvOptions {
  readonly dilation?: number;
  readonly generator: Generator;
}

/** Applies a depthwise separable 3×3 convolution. */
export class SeparableConv extends Module {
  readonly depthwise: ConvNormRelu;
  readonly pointwise: ConvNormRelu;

  constructor(inChannels: number, outChannels: number, { dilation = 1, generator }: SeparableConvOptions) {
    super();
    this.depthwise = new ConvNormRelu(inChannels, inChannels, {
      kernelSize: 3,
      padding: dilation,
      dilation,
      groups: inChannels,
      generator,
    });
    this.pointwise = new ConvNormRelu(inChannels, outChannels, { kernelSize: 1, generator });
  }

  /** Maps [N, in, H, W] to [N, out, H, W]. */
  forward(inputNCHW: Tensor): Tensor {
    return this.pointwise.forward(this.depthwise.forward(inputNCHW));
  }
}
