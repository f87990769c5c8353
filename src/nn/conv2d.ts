/**
 * Implements two-dimensional convolution, with the parameters and defaults of `torch.nn.Conv2d`. When its input is the
 * output of a normalization, the backward pass can compute the input again, so that it need not be kept
 * (native/kernels/conv2d_recompute.cc).
 */
import { type Generator, ops, type Tensor } from '../torch/index.js';
import { selectKernel } from '../torch/internal.js';
import { type ConvolutionGeometry, foldedConvolutions } from './folded-convolutions.js';
import { fans, type Initializer, kaimingUniform, uniform } from './initializers.js';
import { Module } from './module.js';
import { Parameter } from './parameter.js';

/** Configures a `Conv2d`. */
export interface Conv2dOptions {
  /** Sets the side of the square kernel in pixels. */
  readonly kernelSize: number;
  readonly stride?: number;
  /** Sets the width of the border of zeros on every side, in pixels. */
  readonly padding?: number;
  readonly dilation?: number;
  readonly groups?: number;
  readonly bias?: boolean;
  /** Draws the initial weight and bias. */
  readonly generator: Generator;
  readonly initializeWeight?: Initializer;
  /** Defaults to uniform in ±1/√fan-in of the weight, as in PyTorch. */
  readonly initializeBias?: Initializer;
}

/** Convolves images with square kernels. */
export class Conv2d extends Module {
  /** Has shape [out, in / groups, kernelSize, kernelSize]. */
  readonly weight: Parameter;
  /** Has shape [out]. */
  readonly bias: Parameter | null;
  readonly #geometry: ConvolutionGeometry;

  /** @throws {RangeError} when the channels are not divisible by `groups` */
  constructor(
    inChannels: number,
    outChannels: number,
    {
      kernelSize,
      stride = 1,
      padding = 0,
      dilation = 1,
      groups = 1,
      bias = true,
      generator,
      initializeWeight = kaimingUniform,
      initializeBias,
    }: Conv2dOptions,
  ) {
    super();
    if (inChannels % groups !== 0 || outChannels % groups !== 0) {
      throw new RangeError(
        `Conv2d: expected channels divisible by ${groups} groups, received ${inChannels} in, ${outChannels} out`,
      );
    }
    const shape = [outChannels, inChannels / groups, kernelSize, kernelSize];
    this.weight = new Parameter(initializeWeight(shape, generator));
    const drawBias = initializeBias ?? uniform(1 / Math.sqrt(fans(shape).fanIn));
    this.bias = bias ? new Parameter(drawBias([outChannels], generator)) : null;
    this.#geometry = {
      stride: [stride, stride],
      padding: [padding, padding],
      dilation: [dilation, dilation],
      groups,
    };
  }

  get geometry(): ConvolutionGeometry {
    return this.#geometry;
  }

  /** Maps [N, in, H, W] to [N, out, H', W']. */
  forward(inputNCHW: Tensor): Tensor {
    const folded = this.training ? null : foldedConvolutions();
    if (folded !== null) return folded.convolve({ conv: this, bn: null }, inputNCHW);
    const options = { bias: this.bias, ...this.#geometry };
    return selectKernel('conv2dRecompute', {
      inputs: [inputNCHW],
      fused: () => ops.conv2dRecompute(inputNCHW, this.weight, options),
      stock: () => ops.conv2d(inputNCHW, this.weight, options),
    });
  }
}
