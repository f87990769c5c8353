/** Implements a convolution without bias and its batch normalization, initialized as mmcv and torchvision do. */

import {
  type Activation,
  BatchNorm2d,
  Conv2d,
  type Conv2dOptions,
  kaimingNormal,
  Module,
} from '../nn/index.js';
import { convolveNormalized } from '../nn/internal.js';
import type { Tensor } from '../torch/index.js';

/** Configures a `ConvNorm`, and the generator that draws its weights. */
export interface ConvNormOptions extends Omit<Conv2dOptions, 'bias' | 'initializeWeight' | 'initializeBias'> {
  /** Share of a batch in the running statistics of the normalization; 0.1 by default. */
  readonly momentum?: number;
  /** Is added to the variance by the normalization; 1e-5 by default. */
  readonly epsilon?: number;
  /** Follows the normalization; `none` by default. */
  readonly activation?: Activation;
}

/** Applies a convolution, batch normalization and an activation. */
export class ConvNorm extends Module {
  readonly conv: Conv2d;
  readonly bn: BatchNorm2d;
  readonly #activation: Activation;

  constructor(
    inChannels: number,
    outChannels: number,
    { momentum = 0.1, epsilon = 1e-5, activation = 'none', ...options }: ConvNormOptions,
  ) {
    super();
    this.conv = new Conv2d(inChannels, outChannels, {
      ...options,
      bias: false,
      initializeWeight: kaimingNormal,
    });
    this.bn = new BatchNorm2d(outChannels, { momentum, epsilon });
    this.#activation = activation;
  }

  /**
   * Maps [N, in, H, W] to [N, out, H', W'].
   *
   * @param options.residual is added before the activation
   */
  forward(inputNCHW: Tensor, { residual = null }: { readonly residual?: Tensor | null } = {}): Tensor {
    return convolveNormalized(this, inputNCHW, { residual, activation: this.#activation });
  }
}
