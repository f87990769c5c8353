/** Which samples a training step sees. */

import { RandomStream } from './random.js';

/** The stream numbers that keep the draws of different purposes apart. */
const orderPurpose = 1;
const augmentationPurpose = 2;

/** One place of a batch: which sample, and in which pass over the dataset. */
export interface SampledPlace {
  readonly epoch: number;
  readonly index: number;
}

/**
 * Passes over the dataset, each in an order of its own, cut into batches one after the other: nothing is dropped, and
 * a batch may hold the end of one pass and the start of the next. The batch of a step is a pure function of seed and
 * step, so that training resumes at any step.
 */
export class Sampler {
  readonly #length: number;
  readonly #batchSize: number;
  readonly #seed: number;
  /** Orders of the passes asked for last: two, since a batch may span them. */
  readonly #orders = new Map<number, Uint32Array>();

  constructor(options: { readonly length: number; readonly batchSize: number; readonly seed: number }) {
    this.#length = options.length;
    this.#batchSize = options.batchSize;
    this.#seed = options.seed;
  }

  /** The samples of the batch of `step` (from 0). */
  batch(step: number): SampledPlace[] {
    const first = step * this.#batchSize;
    return Array.from({ length: this.#batchSize }, (_, place) => {
      const epoch = Math.floor((first + place) / this.#length);
      const order = this.#order(epoch);
      return { epoch, index: order[first + place - epoch * this.#length] as number };
    });
  }

  #order(epoch: number): Uint32Array {
    const known = this.#orders.get(epoch);
    if (known !== undefined) return known;
    const order = new RandomStream(this.#seed, [orderPurpose, epoch]).permutation(this.#length);
    if (this.#orders.size >= 2) this.#orders.delete(Math.min(...this.#orders.keys()));
    this.#orders.set(epoch, order);
    return order;
  }
}

/** The draws for augmenting a sample in one pass; no pass shows a sample twice, so that no two share their draws. */
export function augmentationRandom(seed: number, { epoch, index }: SampledPlace): RandomStream {
  return new RandomStream(seed, [augmentationPurpose, epoch, index]);
}
