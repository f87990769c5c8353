/**
 * Learns from a sample of labeled pixels with out-of-fold likelihoods what is common in a dataset: how likely networks find
 * the labels of each class, and which classes stand for which.
 */

import { ignoreIndex } from '../data/index.js';

/** Holds what a sample of labeled pixels says about a dataset: numbers and arrays of float64, as an audit keeps it in a file. */
export interface AuditKnowledge {
  readonly classCount: number;
  /** Holds the share of each class of the labeled pixels, in [0, 1]. */
  readonly classShares: Float64Array;
  /** Holds for each class the mean likelihood of it over the pixels that are labeled so; 0 where there are none. */
  readonly selfConfidence: Float64Array;
  /** Holds the mean likelihoods [given, class] over the pixels of each given class; 0 where there are none. */
  readonly meanLikelihoods: Float64Array;
}

/** Adds up a sample. */
export class KnowledgeTally {
  readonly #classCount: number;
  readonly #pixels: Float64Array;
  readonly #likelihoods: Float64Array;

  constructor(classCount: number) {
    this.#classCount = classCount;
    this.#pixels = new Float64Array(classCount);
    this.#likelihoods = new Float64Array(classCount ** 2);
  }

  /** Adds pixels with their labels, their likelihoods [pixels, classes], and the number of pixels that each stands for. */
  add({
    labels,
    likelihoods,
    multiplicities,
  }: {
    readonly labels: Uint8Array;
    readonly likelihoods: Float32Array;
    readonly multiplicities: Float32Array;
  }): void {
    const classes = this.#classCount;
    for (const [place, label] of labels.entries()) {
      if (label === ignoreIndex) continue;
      const count = multiplicities[place] as number;
      this.#pixels[label] = (this.#pixels[label] as number) + count;
      for (let index = 0; index < classes; index++) {
        const cell = label * classes + index;
        this.#likelihoods[cell] =
          (this.#likelihoods[cell] as number) + count * (likelihoods[place * classes + index] as number);
      }
    }
  }

  get knowledge(): AuditKnowledge {
    const classes = this.#classCount;
    const total = this.#pixels.reduce((sum, count) => sum + count, 0);
    const meanLikelihoods = this.#likelihoods.map((sum, cell) => {
      const count = this.#pixels[Math.floor(cell / classes)] as number;
      return count === 0 ? 0 : sum / count;
    });
    return {
      classCount: classes,
      classShares: this.#pixels.map((count) => (total === 0 ? 0 : count / total)),
      selfConfidence: this.#pixels.map((_, index) => meanLikelihoods[index * (classes + 1)] as number),
      meanLikelihoods,
    };
  }
}
