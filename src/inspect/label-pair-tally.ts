/** Two sets of labels of the same images, pixel by pixel, before it is known which of them is the coarse one. */

import { ignoreIndex } from '../data/index.js';

const byteValues = 256;

/** Counts over any number of images. */
export class LabelPairTally {
  images = 0;
  readonly #labeled: [number, number] = [0, 0];
  #pixels = 0;
  /** Pixels labeled in both, by the class that each set gives them, and by the class that both do. */
  readonly #byClass = [new Float64Array(byteValues), new Float64Array(byteValues)] as const;
  readonly #equal = new Float64Array(byteValues);

  /** Adds an image: class indices of equal length, 255 where not labeled. */
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

  /** Share of all pixels that set 0 or 1 labels. */
  labeledShare(set: 0 | 1): number {
    return this.#pixels === 0 ? 0 : this.#labeled[set] / this.#pixels;
  }

  /** Share of the pixels labeled in both that have equal labels; null when there is none. */
  agreement(): number | null {
    const both = sum(this.#byClass[0]);
    return both === 0 ? null : sum(this.#equal) / both;
  }

  /** Of the pixels labeled in both that this set gives to the class, the share that the other set gives it too. */
  classAgreement(set: 0 | 1, classIndex: number): number | null {
    const given = this.#byClass[set][classIndex] as number;
    return given === 0 ? null : (this.#equal[classIndex] as number) / given;
  }
}

function sum(counts: Float64Array): number {
  return counts.reduce((total, count) => total + count, 0);
}
