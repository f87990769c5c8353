/**
 * Implements a 1×1 convolution whose weight is a matrix, for heads that classify single cells: features that lie row by row
 * are multiplied as they are, and maps are convolved.
 */

import { type Initializer, kaimingUniform, Module, Parameter, uniform } from '../nn/index.js';
import { type FoldableConvolution, foldedConvolutions } from '../nn/internal.js';
import { type Generator, ops, type Tensor, tidy } from '../torch/index.js';

/** Configures a `Pointwise`. */
export interface PointwiseOptions {
  /** Draws the initial weight and bias. */
  readonly generator: Generator;
  readonly initializeWeight?: Initializer;
  /** Defaults to uniform in ±1/√in, as in PyTorch. */
  readonly initializeBias?: Initializer;
}

/** Says how the features of one cell are multiplied. */
export const pointwiseGeometry = { stride: [1, 1], padding: [0, 0], dilation: [1, 1], groups: 1 };

/** Maps the features of every cell by one matrix. */
export class Pointwise extends Module {
  /** Has shape [out, in]. */
  readonly weight: Parameter;
  /** Has shape [out]. */
  readonly bias: Parameter;
  readonly #foldable: FoldableConvolution;

  constructor(
    inChannels: number,
    outChannels: number,
    { generator, initializeWeight = kaimingUniform, initializeBias }: PointwiseOptions,
  ) {
    super();
    const drawBias = initializeBias ?? uniform(1 / Math.sqrt(inChannels));
    this.weight = new Parameter(initializeWeight([outChannels, inChannels], generator));
    this.bias = new Parameter(drawBias([outChannels], generator));
    const { weight, bias } = this;
    this.#foldable = {
      geometry: pointwiseGeometry,
      get weight() {
        return asKernel(weight);
      },
      bias,
    };
  }

  /** Maps [N, in, h, w] to [N, out, h, w]. */
  forward(inputNCHW: Tensor): Tensor {
    const folded = this.training ? null : foldedConvolutions();
    if (folded !== null) return folded.convolve({ conv: this.#foldable, bn: null }, inputNCHW);
    return multiplyCells(inputNCHW, this);
  }
}

/** Returns a matrix [out, in] as the kernel of a 1×1 convolution. */
export function asKernel(weight: Tensor): Tensor {
  return weight.reshape([...weight.shape, 1, 1]);
}

/** Multiplies the features of every cell of [N, in, h, w] by a matrix [out, in] and adds [out]. */
export function multiplyCells(
  inputNCHW: Tensor,
  { weight, bias }: { readonly weight: Tensor; readonly bias: Tensor },
): Tensor {
  const [count = 0, channels = 0, height = 0, width = 0] = inputNCHW.shape;
  return tidy(() => {
    // A view, where the channels of a cell lie side by side.
    const rows = inputNCHW.permute([0, 2, 3, 1]).reshape([-1, channels]);
    const products = ops.addmm(bias, rows, weight.transpose(0, 1));
    return products.reshape([count, height, width, -1]).permute([0, 3, 1, 2]);
  });
}
