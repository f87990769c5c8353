/**
 * Runs convolutions for inference with the batch normalization folded into the weights. In evaluation a batch
 * normalization only scales and shifts, which the convolution before it can do with the weight (γ/√(σ² + ε))·W and the
 * bias β + (b − µ)·γ/√(σ² + ε). Residual and activation are then applied while the output is in cache, and weights are
 * brought into the layout and dtype of the fastest kernel once instead of for every image.
 *
 * The layers themselves do not change: a `FoldedConvolutions` has weights of its own, which it makes from a layer's
 * when that layer first runs. Later changes of the layer have no effect on them.
 */
import { type DType, ops, type Tensor, tidy } from '../torch/index.js';
import { freeOnThrow, rejectPromise } from '../torch/internal.js';
import type { Activation } from './activation.js';
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
interface FoldableNormalization {
  readonly weight: Tensor;
  readonly bias: Tensor;
  readonly running_mean: Tensor;
  readonly running_var: Tensor;
  readonly epsilon: number;
}

/** Holds a convolution and the normalization that follows it, or none. */
interface FoldableLayers {
  readonly conv: FoldableConvolution;
  readonly bn: FoldableNormalization | null;
}

/** Holds the layers of an inverted residual block; `expand` is null where the block filters its input's own channels. */
interface FoldableBlock {
  readonly expand: FoldableLayers | null;
  readonly depthwise: FoldableLayers;
  readonly project: FoldableLayers;
}

let current: FoldedConvolutions | null = null;

/** Returns the folded convolutions that layers use now, or null when they use their own weights. */
export function foldedConvolutions(): FoldedConvolutions | null {
  return current;
}

/** Keeps folded weights for the layers of a network. */
export class FoldedConvolutions implements Disposable {
  readonly #dtype: DType;
  /** Holds packed weights by the activation that follows directly, as some kernels include it. */
  readonly #packed: Readonly<Record<Activation, Map<FoldableConvolution, Buffer>>> = {
    none: new Map(),
    relu: new Map(),
    relu6: new Map(),
    hardswish: new Map(),
  };
  /** Holds the packed weights of blocks by their convolution in the middle. */
  readonly #blocks = new Map<FoldableConvolution, Buffer>();

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
    { conv, bn }: FoldableLayers,
    inputNCHW: Tensor,
    { residual = null, activation = 'none' }: Epilogue = {},
  ): Tensor {
    const fused = residual === null ? activation : 'none';
    return this.#runPacked(conv, {
      kept: this.#packed[fused],
      pack: () => this.#pack({ conv, bn }, { inputSize: inputNCHW.shape, fused }),
      run: (packed) => ops.convolvePacked(inputNCHW, packed, residual, activation),
    });
  }

  /**
   * Runs the three convolutions of an inverted residual block as one operator: the maps between them, which have many
   * channels, are never whole in memory. No gradient is recorded.
   *
   * @param inputNCHW [N, in, H, W] of any floating dtype, on the CPU
   * @returns [N, out, H', W'] in channels-last order
   */
  convolveBlock(
    { expand, depthwise, project }: FoldableBlock,
    inputNCHW: Tensor,
    { residual = null, activation = 'none' }: Epilogue = {},
  ): Tensor {
    return this.#runPacked(depthwise.conv, {
      kept: this.#blocks,
      pack: () => {
        const { stride, padding, dilation } = depthwise.conv.geometry;
        const first = expand === null ? null : this.#folded(expand);
        const [second, third] = [this.#folded(depthwise), this.#folded(project)];
        return ops.packInvertedResidual(
          first?.weight ?? null,
          first?.bias ?? null,
          second.weight,
          second.bias,
          third.weight,
          third.bias,
          stride,
          padding,
          dilation,
          activation,
        );
      },
      run: (packed) => ops.convolvePacked(inputNCHW, packed, residual, 'none'),
    });
  }

  /** Frees the folded weights; the layers stay as they are. */
  [Symbol.dispose](): void {
    for (const kept of [...Object.values(this.#packed), this.#blocks]) {
      for (const packed of kept.values()) packed.dispose();
      kept.clear();
    }
  }

  /** Runs weights that were packed before, or packs them. Those packed for an input that does not fit are not kept. */
  #runPacked(
    conv: FoldableConvolution,
    {
      kept,
      pack,
      run,
    }: {
      readonly kept: Map<FoldableConvolution, Buffer>;
      readonly pack: () => Tensor;
      readonly run: (packed: Buffer) => Tensor;
    },
  ): Tensor {
    const before = kept.get(conv);
    if (before !== undefined) return run(before);
    return freeOnThrow(() => {
      const packed = new Buffer(tidy(pack));
      const output = run(packed);
      kept.set(conv, packed);
      return output;
    });
  }

  #pack(
    layers: FoldableLayers,
    { inputSize, fused }: { readonly inputSize: readonly number[]; readonly fused: Activation },
  ): Tensor {
    const { stride, padding, dilation, groups } = layers.conv.geometry;
    const { weight, bias } = this.#folded(layers);
    return ops.packConvolution(weight, bias, stride, padding, dilation, groups, inputSize, fused);
  }

  #folded({ conv, bn }: FoldableLayers): { readonly weight: Tensor; readonly bias: Tensor } {
    const { weight, bias } = folded(conv, bn);
    return { weight: weight.to({ dtype: this.#dtype }), bias: bias.to({ dtype: this.#dtype }) };
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
