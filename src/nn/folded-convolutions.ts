/**
 * Runs convolutions for inference with the batch normalization folded into the weights. In evaluation a batch
 * normalization only scales and shifts, which the convolution before it can do with the weight (γ/√(σ² + ε))·W and the
 * bias β + (b − µ)·γ/√(σ² + ε). Residual and ReLU are then applied while the output is in cache, other activations after it, and weights are
 * brought into the layout and dtype of the fastest kernel once instead of for every image.
 *
 * The layers themselves do not change: a `FoldedConvolutions` has weights of its own, which it makes from a layer's
 * when that layer first runs. Later changes of the layer have no effect on them.
 */
import { type DType, ops, type Tensor, tidy } from '../torch/index.js';
import { freeOnThrow, rejectPromise } from '../torch/internal.js';
import { activate } from './activation.js';
import type { Epilogue } from './epilogue.js';
import { Buffer } from './parameter.js';

/** Describes a convolution by values for height and width, in pixels. */
export interface ConvolutionGeometry {
  readonly stride: number[];
  readonly padding: number[];
  readonly dilation: number[];
  readonly groups: number;
}

/** Describes the part of a `Conv2d` that is folded. */
export interface FoldableConvolution {
  readonly weight: Tensor;
  readonly bias: Tensor | null;
  readonly geometry: ConvolutionGeometry;
}

/** Describes the part of a `BatchNorm2d` that is folded. */
export interface FoldableNormalization {
  readonly weight: Tensor;
  readonly bias: Tensor;
  readonly running_mean: Tensor;
  readonly running_var: Tensor;
  readonly epsilon: number;
}

let current: FoldedConvolutions | null = null;

/** Returns the folded convolutions that layers use now, or null when they use their own weights. */
export function foldedConvolutions(): FoldedConvolutions | null {
  return current;
}

/** Keeps folded weights for the layers of a network. */
export class FoldedConvolutions implements Disposable {
  readonly #dtype: DType;
  /** Holds packed weights, apart for convolutions that a ReLU follows directly, as some kernels include it. */
  readonly #packed = {
    relu: new Map<FoldableConvolution, Buffer>(),
    none: new Map<FoldableConvolution, Buffer>(),
  };

  /** @param options.dtype the dtype of weights and outputs */
  constructor({ dtype = 'float32' }: { readonly dtype?: 'float32' | 'bfloat16' } = {}) {
    this.#dtype = dtype;
  }

  /**
   * Runs `body`, in which layers in evaluation mode use the folded weights.
   *
   * @throws {OperationError} when `body` returns a Promise
   */
  run<T>(body: () => T): T {
    const before = current;
    current = this;
    try {
      const result = body();
      rejectPromise(result, 'FoldedConvolutions.run');
      return result;
    } finally {
      current = before;
    }
  }

  /**
   * Runs a convolution, the normalization that follows it (or none) and the epilogue. No gradient is recorded.
   *
   * @param inputNCHW [N, in, H, W] of any floating dtype
   * @returns [N, out, H', W'] in channels-last order
   */
  convolve(
    { conv, bn }: { readonly conv: FoldableConvolution; readonly bn: FoldableNormalization | null },
    inputNCHW: Tensor,
    { residual = null, activation = 'none' }: Epilogue = {},
  ): Tensor {
    const relu = activation === 'relu';
    const packedBy = this.#packed[relu && residual === null ? 'relu' : 'none'];
    const run = (packed: Buffer) => {
      const convolve = () => ops.convolvePacked(inputNCHW, packed, residual, relu);
      return relu || activation === 'none' ? convolve() : tidy(() => activate(convolve(), activation));
    };
    const before = packedBy.get(conv);
    if (before !== undefined) return run(before);
    // Weights that were packed for an input that turns out not to fit are not kept.
    return freeOnThrow(() => {
      const fuseRelu = packedBy === this.#packed.relu;
      const packed = this.#pack({ conv, bn, inputSize: inputNCHW.shape, fuseRelu });
      const output = run(packed);
      packedBy.set(conv, packed);
      return output;
    });
  }

  /** Frees the folded weights; the layers stay as they are. */
  [Symbol.dispose](): void {
    for (const packedBy of Object.values(this.#packed)) {
      for (const packed of packedBy.values()) packed.dispose();
      packedBy.clear();
    }
  }

  #pack({
    conv,
    bn,
    inputSize,
    fuseRelu,
  }: {
    readonly conv: FoldableConvolution;
    readonly bn: FoldableNormalization | null;
    readonly inputSize: readonly number[];
    readonly fuseRelu: boolean;
  }): Buffer {
    const { stride, padding, dilation, groups } = conv.geometry;
    return new Buffer(
      tidy(() => {
        const { weight, bias } = folded(conv, bn);
        const [first, second] = [weight, bias].map((tensor) => tensor.to({ dtype: this.#dtype }));
        return ops.packConvolution(
          first as Tensor,
          second as Tensor,
          stride,
          padding,
          dilation,
          groups,
          inputSize,
          fuseRelu,
        );
      }),
    );
  }
}

/** Returns weight and bias of the convolution that has the effect of both layers. */
function folded(
  { weight, bias }: FoldableConvolution,
  bn: FoldableNormalization | null,
): { readonly weight: Tensor; readonly bias: Tensor } {
  const outChannels = weight.shape[0] ?? 0;
  if (bn === null) return { weight, bias: bias ?? weight.detach().reshape([outChannels, -1]).sum(1).mul(0) };
  const scale = bn.running_var.add(bn.epsilon).sqrt().reciprocal().mul(bn.weight);
  const shift = bias === null ? bn.running_mean.neg() : bias.sub(bn.running_mean);
  return { weight: weight.mul(scale.reshape([-1, 1, 1, 1])), bias: shift.mul(scale).add(bn.bias) };
}
