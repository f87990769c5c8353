/** Holds what the labels of a split cover, for all images at once: 20 000 images of 150 classes take 12 MB. */

import type { ImageStatistics } from './statistics-process.js';

/** Holds the statistics of a split's labels, which come in one after the other. */
export class StatisticsTable {
  readonly length: number;
  readonly classCount: number;
  /** Is NaN where nothing is known yet or ever, 0 where an image has no labels, else the share of the labeled pixels. */
  readonly #coverage: Float32Array;
  /** Holds the share of all pixels, [images, classes]. */
  readonly #shares: Float32Array;
  readonly #problems = new Map<number, string>();
  readonly #measured: Uint8Array;
  #measuredCount = 0;

  constructor(length: number, classCount: number) {
    this.length = length;
    this.classCount = classCount;
    this.#coverage = new Float32Array(length).fill(Number.NaN);
    this.#shares = new Float32Array(length * classCount);
    this.#measured = new Uint8Array(length);
  }

  /** Counts the images that were looked at. */
  get measured(): number {
    return this.#measuredCount;
  }

  /** Counts the images whose labels cannot be read. */
  get unreadable(): number {
    return this.#problems.size;
  }

  set(index: number, found: ImageStatistics): void {
    if (this.#measured[index] === 0) this.#measuredCount++;
    this.#measured[index] = 1;
    this.#problems.delete(index);
    const shares = this.#shares.subarray(index * this.classCount, (index + 1) * this.classCount).fill(0);
    if (found !== null && 'problem' in found) {
      this.#coverage[index] = Number.NaN;
      this.#problems.set(index, found.problem);
      return;
    }
    this.#coverage[index] = found?.coverage ?? 0;
    for (const [place, share] of Object.entries(found?.shares ?? {})) shares[Number(place)] = share;
  }

  /** Returns the share of the pixels of an image that are labeled; NaN where it is not known. */
  coverage(index: number): number {
    return this.#coverage[index] as number;
  }

  /** Returns the share of the pixels of an image that have a class. */
  share(index: number, classIndex: number): number {
    return this.#shares[index * this.classCount + classIndex] as number;
  }

  /** Returns what is wrong with the labels of an image; null where nothing is. */
  problem(index: number): string | null {
    return this.#problems.get(index) ?? null;
  }
}
