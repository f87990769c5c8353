/**
 * A network as inference runs it: batch normalizations folded into the convolutions before them, weights packed once.
 * The network itself stays as it is, and can go on training afterwards.
 */
import { OperationError } from '../errors/index.js';
import { FoldedConvolutions } from '../nn/internal.js';
import { autocast, noGrad, scope, type Tensor } from '../torch/index.js';

export interface FoldableOutput {
  readonly logitsNCHW: Tensor;
  readonly extraHeads?: Readonly<Record<string, Tensor>>;
}

/** What can be folded: a `Segmentor`, or any network whose blocks run `convolveNormalized`. */
export interface FoldableModel {
  readonly training: boolean;
  forward(imagesNCHW: Tensor): FoldableOutput;
  /** The same at a resolution of the network's own. */
  forwardLogits?(imagesNCHW: Tensor): FoldableOutput;
}

export interface FoldOptions {
  /** Of weights and activations. */
  readonly dtype?: 'float32' | 'bfloat16';
}

/**
 * The model, in evaluation mode, with its batch normalizations folded into its convolutions. Its logits are the model's
 * to rounding; its weights are those that the model has when the folded one is first run. It holds a second copy of them
 * until the end of the block that holds it with `using`.
 *
 * @throws OperationError when the model is in training mode: then normalization follows the batch, and cannot be folded
 */
export function foldBatchNorm(model: FoldableModel, options: FoldOptions = {}): FoldedModel {
  if (model.training) {
    throw new OperationError('foldBatchNorm: expected a model in evaluation mode; call model.eval() first');
  }
  return new FoldedModel(model, options);
}

export class FoldedModel implements FoldableModel, Disposable {
  readonly training = false;
  readonly #model: FoldableModel;
  readonly #dtype: 'float32' | 'bfloat16';
  readonly #convolutions: FoldedConvolutions;

  /** @internal `foldBatchNorm` makes these. */
  constructor(model: FoldableModel, { dtype = 'float32' }: FoldOptions) {
    this.#model = model;
    this.#dtype = dtype;
    this.#convolutions = new FoldedConvolutions({ dtype });
  }

  /** Stays in evaluation mode. @throws OperationError when it is to train */
  train(on = true): this {
    if (on) throw new OperationError('a folded model cannot train; train the model that it was made from');
    return this;
  }

  /** [N, 3, H, W] to logits at the images' size, without gradient. */
  forward(imagesNCHW: Tensor): FoldableOutput {
    return this.#inside(imagesNCHW, () => this.#model.forward(imagesNCHW));
  }

  /** Logits at the network's own resolution; at the images' size where it offers no others. */
  forwardLogits(imagesNCHW: Tensor): FoldableOutput {
    return this.#inside(
      imagesNCHW,
      () => this.#model.forwardLogits?.(imagesNCHW) ?? this.#model.forward(imagesNCHW),
    );
  }

  /** Frees the folded weights; the model that they were made from stays. */
  [Symbol.dispose](): void {
    this.#convolutions[Symbol.dispose]();
  }

  #inside({ device }: Tensor, body: () => FoldableOutput): FoldableOutput {
    using inner = scope();
    const folded = () => this.#convolutions.run(body);
    const output = noGrad(() =>
      this.#dtype === 'bfloat16' ? autocast({ device, dtype: 'bfloat16' }, folded) : folded(),
    );
    for (const map of [output.logitsNCHW, ...Object.values(output.extraHeads ?? {})]) inner.keep(map);
    return output;
  }
}
