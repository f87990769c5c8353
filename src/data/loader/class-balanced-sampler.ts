/**
 * Chooses samples so that rare classes are seen: half of each pass are images as they come, and half are crops around the
 * centers of classes, each class equally often (Zhu et al. 2019, section 4.1, and their published code).
 *
 * Everything is a pure function of seed and step, as in the plain sampler, so a run resumes at any step and processes
 * divide a batch without overlap. Images, classes and the centers of a class are each drawn in passes over all of them.
 */

import { ConfigError } from '../../errors/index.js';
import { RandomStream } from '../random.js';
import type { ClassCentroids } from './centroids.js';
import { BatchSampler, type DrawnSample, streams } from './sampler.js';

/** Configures a `ClassBalancedSampler`. */
export interface ClassBalancedOptions {
  readonly length: number;
  readonly batchSize: number;
  readonly seed: number;
  readonly centroids: readonly ClassCentroids[];
}

export class ClassBalancedSampler extends BatchSampler {
  readonly #seed: number;
  readonly #length: number;
  readonly #balanced: number;
  readonly #centroids: readonly ClassCentroids[];
  /** Lists the classes that have a center. */
  readonly #classes: readonly number[];
  readonly #permutations = new Map<string, Uint32Array>();

  /** @throws {ConfigError} when no label of the dataset is of a class */
  constructor({ length, batchSize, seed, centroids }: ClassBalancedOptions) {
    super({ length, batchSize });
    this.#seed = seed;
    this.#length = length;
    this.#centroids = centroids;
    this.#classes = centroids.flatMap(({ samples }, label) => (samples.length === 0 ? [] : [label]));
    if (this.#classes.length === 0) {
      throw new ConfigError(
        'data.sampling: classBalanced needs labeled pixels, and the training labels have none; look at them with coarsely check',
      );
    }
    this.#balanced = Math.floor(length / 2);
  }

  protected draw(epoch: number, place: number): DrawnSample {
    const uniform = this.#length - this.#balanced;
    const slot = this.#pick([streams.places, epoch], { count: this.#length, place });
    if (slot < uniform) {
      const drawn = epoch * uniform + slot;
      const pass = Math.floor(drawn / this.#length);
      const index = this.#pick([streams.order, pass], { count: this.#length, place: drawn % this.#length });
      return { epoch, index, place };
    }
    const drawn = epoch * this.#balanced + slot - uniform;
    const count = this.#classes.length;
    const round = Math.floor(drawn / count);
    const label = this.#classes[
      this.#pick([streams.classes, round], { count, place: drawn % count })
    ] as number;
    const { samples, places } = this.#centroids[label] as ClassCentroids;
    // Every round draws each class once.
    const pass = Math.floor(round / samples.length);
    const center = this.#pick([streams.centroids, label, pass], {
      count: samples.length,
      place: round % samples.length,
    });
    const focus = { x: places[2 * center] as number, y: places[2 * center + 1] as number };
    return { epoch, index: samples[center] as number, place, focus };
  }

  /** Returns the element at `place` of the permutation of `count` numbers that a stream draws. */
  #pick(
    stream: readonly [number, number, number?],
    { count, place }: { readonly count: number; readonly place: number },
  ): number {
    const key = stream.join(' ');
    let order = this.#permutations.get(key);
    if (order === undefined) {
      order = new RandomStream(this.#seed, stream).permutation(count);
      // Batches go forward, so the oldest are not needed again soon; at most one for each class and a few others are.
      const [oldest] = this.#permutations.keys();
      if (oldest !== undefined && this.#permutations.size >= 2 * this.#classes.length + 8)
        this.#permutations.delete(oldest);
      this.#permutations.set(key, order);
    }
    return order[place] as number;
  }
}
