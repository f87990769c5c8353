/** Chooses which samples a training step sees. */

import { RandomStream } from '../random.js';

/** Separates the random draws of different purposes. */
const streams = { order: 1, augmentation: 2 } as const;

/** Identifies a sample that was drawn for a batch, and the pass over the dataset in which it was. */
export interface DrawnSample {
  readonly epoch: number;
  readonly index: number;
}

/**
 * Passes over a dataset again and again, each time in another random order, and cuts the passes into batches. Nothing is
 * dropped, so a batch may hold the end of one pass and the start of the next. The batch of a step is a pure function of seed
 * and step, so that training resumes at any step.
 */
export class Sampler {
  readonly #length: number;
  readonly #batchSize: number;
  readonly #seed: number;
  // The orders of the two latest passes, as a batch may span two.
  readonly #orders = new Map<number, Uint32Array>();

  constructor(options: { readonly length: number; readonly batchSize: number; readonly seed: number }) {
    this.#length = options.length;
    this.#batchSize = options.batchSize;
    this.#seed = options.seed;
  }

  /** Returns the samples in the batch of `step`, which counts from 0. */
  batch(step: number): DrawnSample[] {
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
    const order = new RandomStream(this.#seed, [streams.order, epoch]).permutation(this.#length);
    if (this.#orders.size >= 2) this.#orders.delete(Math.min(...this.#orders.keys()));
    this.#orders.set(epoch, order);
    return order;
  }
}

/** Returns the random numbers that augment a sample in one pass; no two samples share them, as a pass shows each sample once. */
export function augmentationRandom(seed: number, { epoch, index }: DrawnSample): RandomStream {
  return new RandomStream(seed, [streams.augmentation, epoch, index]);
}
