/** Scores labels against exact ones, and what decisions about regions make of them. */

import { ignoreIndex } from '../../data/index.js';
import { decidedClass, decideRegion, type RegionTruth } from './simulated-decision.js';

/** Counts pixels by true and given class, where both are known. */
export class LabelMatrix {
  readonly classCount: number;
  /** Holds pixels [true, given]; the last column is of pixels whose label a decision took away. */
  readonly #counts: Float64Array;

  constructor(classCount: number, counts = new Float64Array(classCount * (classCount + 1))) {
    this.classCount = classCount;
    this.#counts = counts;
  }

  /** Counts a pixel. */
  add(truth: number, given: number): void {
    this.#move(1, { truth, given });
  }

  /**
   * Returns the mean IoU of the labels, in [0, 1], over the classes that occur; NaN without a pixel. A pixel whose label was taken
   * away counts as one that its class lacks.
   */
  get mIoU(): number {
    const { classCount } = this;
    const scores: number[] = [];
    for (let label = 0; label < classCount; label++) {
      let union = 0;
      for (let other = 0; other <= classCount; other++) union += this.#at(label, other);
      for (let other = 0; other < classCount; other++) if (other !== label) union += this.#at(other, label);
      if (union > 0) scores.push(this.#at(label, label) / union);
    }
    return scores.length === 0 ? Number.NaN : scores.reduce((sum, score) => sum + score, 0) / scores.length;
  }

  /** Returns the matrix of the labels after a person decided about these regions, which do not overlap. */
  afterReview(regions: readonly RegionTruth[]): LabelMatrix {
    const after = new LabelMatrix(this.classCount, this.#counts.slice());
    for (const region of regions) {
      const decided = decidedClass(decideRegion(region), region);
      for (let truth = 0; truth < this.classCount; truth++) {
        const pixels = region.truth[truth] as number;
        after.#move(-pixels, { truth, given: region.given });
        after.#move(pixels, { truth, given: decided });
      }
    }
    return after;
  }

  #at(truth: number, given: number): number {
    return this.#counts[truth * (this.classCount + 1) + given] as number;
  }

  #move(pixels: number, { truth, given }: { readonly truth: number; readonly given: number }): void {
    const cell = truth * (this.classCount + 1) + (given === ignoreIndex ? this.classCount : given);
    this.#counts[cell] = (this.#counts[cell] as number) + pixels;
  }
}
