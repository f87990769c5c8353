/** Chooses which samples a training step sees. */

import type { CropFocus } from '../augment/crop-window.js';
import { RandomStream } from '../random.js';

/** Separates the random draws of different purposes. */
export const streams = {
  order: 1,
  augmentation: 2,
  places: 3,
  classes: 4,
  centroids: 5,
  placedAugmentation: 6,
  labelDeformation: 7,
  placedLabelDeformation: 8,
} as const;

/** Identifies a sample that was drawn for a batch, and the pass over the dataset in which it was. */
export interface DrawnSample {
  readonly epoch: number;
  readonly index: number;
  /** Gives the place in the pass where a pass may show an image several times; absent where it shows each once. */
  readonly place?: number;
  /** Gives a place that the crop must show, as fractions of the image's width and height; absent for any crop. */
  readonly focus?: CropFocus;
}

/** Cuts endless passes over a dataset into batches. Nothing is dropped: a batch may hold parts of two passes. */
export abstract class BatchSampler {
  readonly #passLength: number;
  readonly #batchSize: number;

  constructor({ length, batchSize }: { readonly length: number; readonly batchSize: number }) {
    this.#passLength = length;
    this.#batchSize = batchSize;
  }

  /** Returns the samples in the batch of `step`, which counts from 0. */
  batch(step: number): DrawnSample[] {
    const first = step * this.#batchSize;
    return Array.from({ length: this.#batchSize }, (_, place) => {
      const epoch = Math.floor((first + place) / this.#passLength);
      return this.draw(epoch, first + place - epoch * this.#passLength);
    });
  }

  /** Returns the sample at a place of a pass. */
  protected abstract draw(epoch: number, place: number): DrawnSample;
}

/**
 * Passes over a dataset again and again, each time in another random order, and cuts the passes into batches. Nothing is
 * dropped, so a batch may hold the end of one pass and the start of the next. The batch of a step is a pure function of seed
 * and step, so that training resumes at any step.
 */
export class Sampler extends BatchSampler {
  readonly #length: number;
  readonly #seed: number;
  // The orders of the two latest passes, as a batch may span two.
  readonly #orders = new Map<number, Uint32Array>();

  constructor(options: { readonly length: number; readonly batchSize: number; readonly seed: number }) {
    super(options);
    this.#length = options.length;
    this.#seed = options.seed;
  }

  protected draw(epoch: number, place: number): DrawnSample {
    return { epoch, index: this.#order(epoch)[place] as number };
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

/** Returns the random numbers that augment a sample in one pass; no two samples of a pass share them. */
export function augmentationRandom(seed: number, drawn: PassPlace): RandomStream {
  return sampleRandom(seed, drawn, { of: streams.augmentation, ofPlace: streams.placedAugmentation });
}

/** Returns the random numbers that move the labels of a sample in one pass, apart from those that augment it. */
export function deformationRandom(seed: number, drawn: PassPlace): RandomStream {
  return sampleRandom(seed, drawn, { of: streams.labelDeformation, ofPlace: streams.placedLabelDeformation });
}

type PassPlace = Pick<DrawnSample, 'epoch' | 'index' | 'place'>;

function sampleRandom(
  seed: number,
  { epoch, index, place }: PassPlace,
  { of, ofPlace }: { readonly of: number; readonly ofPlace: number },
): RandomStream {
  return new RandomStream(seed, place === undefined ? [of, epoch, index] : [ofPlace, epoch, place]);
}
