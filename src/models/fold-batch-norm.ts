/**
 * Prepares a network for inference: batch normalizations are folded into the convolutions before them, and weights are
 * packed once. The network itself is unchanged and can go on training.
 */

import { OperationError } from '../errors/index.js';
import { FoldedConvolutions } from '../nn/internal.js';
import { autocast, noGrad, scope, type Tensor } from '../torch/index.js';
import type { ImageNormalization } from './segmentor.js';

/** Holds what a foldable network predicts. */
export interface FoldableOutput {
  /** Logits, [N, classes, H, W]. */
  readonly logitsNCHW: Tensor;
  /** Predictions of further heads, by name. */
  readonly extraHeads?: Readonly<Record<string, Tensor>>;
}

/** Describes a network that can be folded: a `Segmentor`, or one whose blocks are made of layers of this package. */
export interface FoldableModel {
  readonly training: boolean;
  /** Tells whether logits are resized with aligned corners; false when absent. */
  readonly alignCorners?: boolean;
  /** Gives mean and deviation of the channels that the network expects, if it has some of its own. */
  readonly normalization?: ImageNormalization | null;
  forward(imagesNCHW: Tensor): FoldableOutput;
  /** Returns the predictions at a resolution of the network's own. */
  forwardLogits?(imagesNCHW: Tensor): FoldableOutput;
}

/** Configures `foldBatchNorm`. */
export interface FoldOptions {
  /** Data type of weights and activations; float32 by default. */
  readonly dtype?: 'float32' | 'bfloat16';
}

/**
 * Returns the model with its batch normalizations folded into its convolutions. Its logits equal the model's to
 * rounding. Weights are copied when a layer is first run, and later changes of the model do not reach the copy. Hold
 * it with `using`, so that the copied weights are freed.
 *
 * @throws {OperationError} when the model is in training mode, where normalization depends on the batch
 */
export function foldBatchNorm(model: FoldableModel, options: FoldOptions = {}): FoldedModel {
  if (model.training) {
    throw new OperationError('foldBatchNorm: expected a model in evaluation mode; call model.eval() first');
  }
  return new FoldedModel(model, options);
}

/** Runs a model with folded weights, without gradient. */
export class FoldedModel implements FoldableModel, Disposable {
  readonly training = false;
  readonly alignCorners: boolean;
  readonly normalization: ImageNormalization | null;
  readonly #model: FoldableModel;
  readonly #dtype: 'float32' | 'bfloat16';
  readonly #convolutions: FoldedConvolutions;

  /**
   * Is called by `foldBatchNorm`.
   *
   * @internal
   */
  constructor(model: FoldableModel, { dtype = 'float32' }: FoldOptions) {
    this.#model = model;
    this.alignCorners = model.alignCorners ?? false;
    this.normalization = model.normalization ?? null;
    this.#dtype = dtype;
    this.#convolutions = new FoldedConvolutions({ dtype });
  }

  /**
   * Does nothing for `train(false)`.
   *
   * @throws {OperationError} for `train()`
   */
  train(on = true): this {
    if (on) throw new OperationError('a folded model cannot train; train the model that it was made from');
    return this;
  }

  /** Maps images [N, image channels, H, W] to predictions at their size. */
  forward(imagesNCHW: Tensor): FoldableOutput {
    return this.#inside(imagesNCHW, () => this.#model.forward(imagesNCHW));
  }

  /** Maps images to predictions at the network's own resolution, or at the images' size where it has no other. */
  forwardLogits(imagesNCHW: Tensor): FoldableOutput {
    return this.#inside(
      imagesNCHW,
      () => this.#model.forwardLogits?.(imagesNCHW) ?? this.#model.forward(imagesNCHW),
    );
  }

  /** Frees the folded weights; the model stays. */
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
