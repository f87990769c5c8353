/**
 * Dropout (Srivastava et al. 2014) and its form that drops whole channels. Masks are drawn on the CPU from an explicit
 * generator: the same seed then drops the same places on every device, and a resumed run continues the same sequence.
 */
import { empty, type Generator, ops, type Tensor } from '../torch/index.js';
import { noteDraw } from './checkpoint.js';
import { Module } from './module.js';

export interface DropoutOptions {
  /** Advanced by every forward pass in training; its state belongs into a checkpoint. */
  readonly generator: Generator;
}

/** Zeroes single elements. What is kept is scaled by 1 / (1 − probability), so that evaluation needs no change. */
export class Dropout extends Module {
  readonly #probability: number;
  readonly #generator: Generator;

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

/** Zeroes whole channels of single images. */
export class Dropout2d extends Module {
  readonly #probability: number;
  readonly #generator: Generator;

  constructor(probability: number, { generator }: DropoutOptions) {
    super();
    this.#probability = checked('Dropout2d', probability);
    this.#generator = generator;
  }

  /** [N, C, H, W] to the same. */
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

/** 0 with probability `drop`, else 1 / (1 − drop), with the dtype and device of `like`. */
function mask(
  like: Tensor,
  {
    shape,
    drop,
    generator,
  }: { readonly shape: readonly number[]; readonly drop: number; readonly generator: Generator },
): Tensor {
  noteDraw(generator);
  const kept = ops.bernoulliFloat_(empty(shape, { dtype: 'float32' }), { p: 1 - drop, generator });
  return kept.div_(1 - drop).to({ dtype: like.dtype, device: like.device });
}
