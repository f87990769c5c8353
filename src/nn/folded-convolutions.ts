/**
 * Convolutions as inference wants them. Once the statistics of a batch normalization stand still it only scales and
 * shifts, which the convolution before it can do with its weights: (γ/√(σ² + ε))·W and β + (b − µ)·γ/√(σ² + ε). With the
 * normalization gone, residual and ReLU are applied while the output is still in cache, and the weights are brought into
 * the layout and dtype of the fastest kernel once instead of at every image.
 *
 * The layers are not touched: a `FoldedConvolutions` keeps weights of its own, made from a layer's when that layer is
 * first run. What changes in the layers afterwards it doesn't see.
 */
import { type DType, ops, type Tensor, tidy } from '../torch/index.js';
import { rejectPromise } from '../torch/internal.js';
import { Buffer } from './parameter.js';

/** Strides and the like of both directions, as operators take them. */
export interface ConvolutionGeometry {
  readonly stride: number[];
  readonly padding: number[];
  readonly dilation: number[];
  readonly groups: number;
}

/** A `Conv2d`. */
export interface FoldableConvolution {
  readonly weight: Tensor;
  readonly bias: Tensor | null;
  readonly geometry: ConvolutionGeometry;
}

/** A `BatchNorm2d`. */
export interface FoldableNormalization {
  readonly weight: Tensor;
  readonly bias: Tensor;
  readonly running_mean: Tensor;
  readonly running_var: Tensor;
  readonly epsilon: number;
}

/** What becomes of an output: max(output + residual, 0), each part where it is asked for. */
export interface ConvolutionEnd {
  /** [N, out, H', W'] */
  readonly residual?: Tensor | null;
  readonly activation?: 'none' | 'relu';
}

let current: FoldedConvolutions | null = null;

/** Those that layers run by now; null outside of any. */
export function foldedConvolutions(): FoldedConvolutions | null {
  return current;
}

export class FoldedConvolutions implements Disposable {
  readonly #dtype: DType;
  /** By whether a ReLU follows at once: some kernels have it built in. */
  readonly #packed = {
    relu: new Map<FoldableConvolution, Buffer>(),
    none: new Map<FoldableConvolution, Buffer>(),
  };

  /** @param options.dtype of weights and outputs: float32 or bfloat16 */
  constructor({ dtype = 'float32' }: { readonly dtype?: 'float32' | 'bfloat16' } = {}) {
    this.#dtype = dtype;
  }

  /** Runs `body` with layers in evaluation mode computing by these. @throws OperationError when it is asynchronous */
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
   * A convolution, the normalization that follows it (or none), and the end. Nothing is recorded for a gradient.
   *
   * @param inputNCHW [N, in, H, W] of any floating dtype
   * @returns [N, out, H', W'], channels-last
   */
  convolve(
    { conv, bn }: { readonly conv: FoldableConvolution; readonly bn: FoldableNormalization | null },
    inputNCHW: Tensor,
    { residual = null, activation = 'none' }: ConvolutionEnd = {},
  ): Tensor {
    const packedBy = this.#packed[residual === null ? activation : 'none'];
    let packed = packedBy.get(conv);
    if (packed === undefined) {
      packed = this.#pack({ conv, bn, inputSize: inputNCHW.shape, fuseRelu: packedBy === this.#packed.relu });
      packedBy.set(conv, packed);
    }
    return ops.convolvePacked(inputNCHW, packed, residual, activation === 'relu');
  }

  /** Frees the weights; the layers they were made from stay. */
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

/** Weight and bias of a convolution that does what both do. */
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
