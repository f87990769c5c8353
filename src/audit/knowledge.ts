/** Learns from a sample of labeled pixels with out-of-fold likelihoods how likely networks find the labels of each class. */

import { ignoreIndex } from '../data/index.js';

/** Holds a sample of labeled pixels. */
export interface LabeledSample {
  readonly labels: Uint8Array;
  /** Holds the likelihoods [pixels, classes]. */
  readonly likelihoods: Float32Array;
  /** Holds the number of pixels that each stands for. */
  readonly multiplicities: Float32Array;
}

/** Holds what a sample of labeled pixels says about a dataset. */
export interface AuditKnowledge {
  /** Holds for each class the mean likelihood of it over the pixels that are labeled so; 0 where there are none. */
  readonly selfConfidence: Float64Array;
}

/** Adds up a sample. */
export class KnowledgeTally {
  readonly #classCount: number;
  readonly #pixels: Float64Array;
  readonly #likelihoods: Float64Array;

  constructor(classCount: number) {
    this.#classCount = classCount;
    this.#pixels = new Float64Array(classCount);
    this.#likelihoods = new Float64Array(classCount);
  }

  /** Adds pixels. */
  add({ labels, likelihoods, multiplicities }: LabeledSample): void {
    for (const [place, label] of labels.entries()) {
      if (label === ignoreIndex) continue;
      const count = multiplicities[place] as number;
      const likelihood = likelihoods[place * this.#classCount + label] as number;
      this.#pixels[label] = (this.#pixels[label] as number) + count;
      this.#likelihoods[label] = (this.#likelihoods[label] as number) + count * likelihood;
    }
  }

  get knowledge(): AuditKnowledge {
    return {
      selfConfidence: this.#likelihoods.map((sum, label) => {
        const count = this.#pixels[label] as number;
        return count === 0 ? 0 : sum / count;
      }),
    };
  }
}
