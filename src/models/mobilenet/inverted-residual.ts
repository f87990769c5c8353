/**
 * Implements the block of MobileNets, the inverted residual (Sandler et al. 2018): a 1×1 convolution to more channels,
 * one filter for each of them, and a 1×1 convolution to few channels without an activation, where the shortcut is added.
 */

import { type Activation, Module } from '../../nn/index.js';
import { convolveInvertedResidual } from '../../nn/internal.js';
import { type Generator, type Tensor, tidy } from '../../torch/index.js';
import { ConvNorm } from '../conv-norm.js';
import type { BlockPlan } from './architectures.js';
import { SqueezeExcitation } from './squeeze-excitation.js';

/** Configures an `InvertedResidual`. */
export interface InvertedResidualOptions extends BlockPlan {
  readonly inChannels: number;
  readonly stride: number;
  readonly dilation: number;
  /** Is added to the variance by normalizations. */
  readonly epsilon: number;
  /** Share of a batch in running statistics. */
  readonly momentum: number;
  readonly generator: Generator;
}

/** Applies an inverted residual block. */
export class InvertedResidual extends Module {
  /** Is null where the block filters its input's own channels. */
  readonly expand: ConvNorm | null;
  readonly depthwise: ConvNorm;
  readonly squeeze: SqueezeExcitation | null;
  readonly project: ConvNorm;
  readonly #hasShortcut: boolean;
  readonly #activation: Activation;

  constructor(options: InvertedResidualOptions) {
    super();
    const { inChannels, expanded, outChannels, kernelSize, stride, dilation, squeezes, activation } = options;
    const { epsilon, momentum, generator } = options;
    const shared = { epsilon, momentum, generator };
    const pointwise = { ...shared, kernelSize: 1 };
    this.expand =
      expanded === inChannels ? null : new ConvNorm(inChannels, expanded, { ...pointwise, activation });
    this.depthwise = new ConvNorm(expanded, expanded, {
      ...shared,
      kernelSize,
      stride,
      padding: ((kernelSize - 1) / 2) * dilation,
      dilation,
      groups: expanded,
      activation,
    });
    this.squeeze = squeezes ? new SqueezeExcitation(expanded, { generator }) : null;
    this.project = new ConvNorm(expanded, outChannels, pointwise);
    this.#hasShortcut = stride === 1 && inChannels === outChannels;
    this.#activation = activation;
  }

  /** Maps [N, in, H, W] to [N, out, H / stride, W / stride]. */
  forward(inputNCHW: Tensor): Tensor {
    const residual = this.#hasShortcut ? inputNCHW : null;
    const { squeeze } = this;
    if (squeeze === null) {
      return convolveInvertedResidual(this, inputNCHW, { residual, activation: this.#activation });
    }
    return tidy(() => this.project.forward(this.#filter(inputNCHW, squeeze), { residual }));
  }

  /** Returns the filtered channels, [N, expanded, H / stride, W / stride]. The maps before them are freed at once. */
  #filter(inputNCHW: Tensor, squeeze: SqueezeExcitation): Tensor {
    return tidy(() =>
      squeeze.forward(tidy(() => this.depthwise.forward(this.expand?.forward(inputNCHW) ?? inputNCHW))),
    );
  }
}
