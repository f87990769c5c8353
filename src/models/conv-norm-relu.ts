/** Implements mmcv's `ConvModule`: convolution without bias, batch normalization and ReLU, with its initialization. */

import { ConvNorm, type ConvNormOptions } from './conv-norm.js';

/** Configures the geometry of a `ConvNormRelu`, and the generator that draws its weights. */
export interface ConvNormReluOptions extends Omit<ConvNormOptions, 'activation'> {}

/** Applies a convolution, batch normalization and ReLU. */
export class ConvNormRelu extends ConvNorm {
  constructor(inChannels: number, outChannels: number, options: ConvNormReluOptions) {
    super(inChannels, outChannels, { ...options, activation: 'relu' });
  }
}
