/**
 * Implements dropout of elements and of whole channels (Srivastava et al. 2014). Masks are drawn on the CPU from an
 * explicit generator, so that a seed drops the same places on every device and a resumed run continues the same
 * sequence.
 */
import { empty, type Generator, ops, type Tensor } from '../torch/index.js';
import { rememberGeneratorState } from './activation-checkpointing.js';
import { Module } from './module.js';

/** Configures `Dropout` and `Dropout2d`. */
export interface DropoutOptions {
  /** Draws a mask in every forward pass of training, so that its state belongs into a checkpoint of the run. */
  readonly generator: Generator;
}

/**
 * Zeroes single elements in training with the given probability and multiplies the others by 1 / (1 − probability).
 * In evaluation it returns its input.
 */
export class Dropout extends Module {
  readonly #probability: number;
  readonly #generator: Generator;

  /** @throws {RangeError} when the probability is not in [0, 1) */
  constructor(probability: number, { generator }: DropoutOptions) {
    super();
    this.#probability = checked('Dropout', probability);
    this.#generator = generator;
  }

  forward(input: Tensor): Tensor {
    if (!this.training || this.#probability === 0) return input;
    return input.mul(
      mask(input, { shape: input.shape, drop: this.#probability, generator: this.#generator }),
    );
  }
}

/** Zeroes whole channels of images as `Dropout` zeroes elements. */
export class Dropout2d extends Module {
  readonly #probability: number;
  readonly #generator: Generator;

  /** @throws {RangeError} when the probability is not in [0, 1) */
  constructor(probability: number, { generator }: DropoutOptions) {
    super();
    this.#probability = checked('Dropout2d', probability);
    this.#generator = generator;
  }

  /** Maps [N, C, H, W] to the same shape. */
  forward(inputNCHW: Tensor): Tensor {
    if (!this.training || this.#probability === 0) return inputNCHW;
    const shape = [...inputNCHW.shape.slice(0, 2), 1, 1];
    return inputNCHW.mul(mask(inputNCHW, { shape, drop: this.#probability, generator: this.#generator }));
  }
}

function checked(name: string, probability: number): number {
  if (probability >= 0 && probability < 1) return probability;
  throw new RangeError(`${name}: expected a probability in [0, 1), received ${probability}`);
}

/** Draws a mask: 0 with probability `drop`, otherwise 1 / (1 − drop), with the dtype and device of `like`. */
function mask(
  like: Tensor,
  {
    shape,
    drop,
    generator,
  }: { readonly shape: readonly number[]; readonly drop: number; readonly generator: Generator },
): Tensor {
  rememberGeneratorState(generator);
  const kept = ops.bernoulliFloat_(empty(shape, { dtype: 'float32' }), { p: 1 - drop, generator });
  return kept.div_(1 - drop).to({ dtype: like.dtype, device: like.device });
}
