/** Counts, pixel by pixel, how two sets of labels of the same images differ. */

import { ignoreIndex } from '../data/index.js';

const byteValues = 256;

/** Accumulates counts over any number of images. Set 0 is the first argument of `add`, set 1 the second. */
export class LabelPairTally {
  images = 0;
  readonly #labeled: [number, number] = [0, 0];
  #pixels = 0;
  /** Pixels labeled in both sets: by the class in each set, and by class where both agree. */
  readonly #byClass = [new Float64Array(byteValues), new Float64Array(byteValues)] as const;
  readonly #equal = new Float64Array(byteValues);

  /** Adds an image: two arrays [height × width] of class indices, 255 where not labeled. */
  add(first: Uint8Array, second: Uint8Array): void {
    this.images++;
    this.#pixels += first.length;
    const [byFirst, bySecond] = this.#byClass;
    let [firstLabeled, secondLabeled] = [0, 0];
    for (let pixel = 0; pixel < first.length; pixel++) {
      const a = first[pixel] as number;
      const b = second[pixel] as number;
      if (a !== ignoreIndex) firstLabeled++;
      if (b === ignoreIndex) continue;
      secondLabeled++;
      if (a === ignoreIndex) continue;
      (byFirst[a] as number)++;
      (bySecond[b] as number)++;
      if (a === b) (this.#equal[a] as number)++;
    }
    this.#labeled[0] += firstLabeled;
    this.#labeled[1] += secondLabeled;
  }

  /** Returns the share of all pixels that a set labels. */
  labeledShare(set: 0 | 1): number {
    return this.#pixels === 0 ? 0 : this.#labeled[set] / this.#pixels;
  }

  /** Returns the share of equal labels among the pixels labeled in both sets; null when there is no such pixel. */
  agreement(): number | null {
    const both = sum(this.#byClass[0]);
    return both === 0 ? null : sum(this.#equal) / both;
  }

  /** Returns how often the other set agrees where this set gives a pixel to the class; null when it never does. */
  classAgreement(set: 0 | 1, classIndex: number): number | null {
    const given = this.#byClass[set][classIndex] as number;
    return given === 0 ? null : (this.#equal[classIndex] as number) / given;
  }
}

function sum(counts: Float64Array): number {
  return counts.reduce((total, count) => total + count, 0);
}
