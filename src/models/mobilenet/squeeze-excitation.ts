/**
 * Implements squeeze and excitation (Hu et al. 2018) with a piecewise linear sigmoid, as MobileNetV3 has it: every
 * channel is scaled by a number in [0, 1] that is computed from the means of all channels over the image.
 */

import { Conv2d, constant, globalAveragePool, kaimingNormal, Module } from '../../nn/index.js';
import { type Generator, ops, type Tensor, tidy } from '../../torch/index.js';
import { divisibleChannels } from './architectures.js';

/** Scales the channels of an image by what the whole image holds. */
export class SqueezeExcitation extends Module {
  readonly fc1: Conv2d;
  readonly fc2: Conv2d;

  constructor(channels: number, { generator }: { readonly generator: Generator }) {
    super();
    const squeezedChannels = divisibleChannels(Math.floor(channels / 4));
    const options = {
      kernelSize: 1,
      generator,
      initializeWeight: kaimingNormal,
      initializeBias: constant(0),
    };
    this.fc1 = new Conv2d(channels, squeezedChannels, options);
    this.fc2 = new Conv2d(squeezedChannels, channels, options);
  }

  /** Maps [N, channels, H, W] to the same shape. */
  forward(inputNCHW: Tensor): Tensor {
    return tidy(() => {
      const squeezed = this.fc1.forward(globalAveragePool(inputNCHW)).relu();
      return inputNCHW.mul(ops.hardsigmoid(this.fc2.forward(squeezed)));
    });
  }
}
