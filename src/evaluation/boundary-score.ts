/**
 * Computes the boundary F-score: how much of the predicted boundary of a class lies near its true boundary, and the
 * reverse. Csurka, Larlus, Perronnin: "What is a good evaluation measure for semantic segmentation?", BMVC 2013. Near means
 * within 0.75 % of the image's diagonal, as in that paper, and at least one pixel.
 *
 * The paper averages over images. Here, as for mIoU, the counts of all images are summed, so that every boundary pixel has
 * the same weight and the sums are exact.
 */

import { ignoreIndex } from '../data/index.js';
import { type BoundaryMap, boundaryMap, discSteps, type MapSize } from './boundary-map.js';

/** Gives 0.0075² as a fraction, so that squared distances are compared in whole numbers. */
const toleranceSquared = { numerator: 9, denominator: 160_000 } as const;

/** Holds boundary F-scores as fractions in [0, 1]. */
export interface BoundaryScore {
  /** Gives the mean over the classes that have a boundary in truth or prediction; NaN when no class has one. */
  readonly mean: number;
  /** Holds the score by class id; null for a class without a boundary in either. */
  readonly perClass: readonly (number | null)[];
}

/** Counts boundary pixels over any number of images, and those with a counterpart nearby. */
export class BoundaryCounts {
  readonly #classCount: number;
  readonly #truth: ClassCounts;
  readonly #prediction: ClassCounts;

  constructor(classCount: number) {
    this.#classCount = classCount;
    this.#truth = new ClassCounts(classCount);
    this.#prediction = new ClassCounts(classCount);
  }

  /**
   * Adds one image. Predicted boundary pixels count only where pixels are labeled.
   *
   * @param prediction height × width class ids
   * @param labels height × width true class ids, 255 where unlabeled
   */
  update(prediction: Uint8Array, labels: Uint8Array, size: MapSize): void {
    const { width, height } = size;
    const { numerator, denominator } = toleranceSquared;
    const square = Math.max(1, Math.floor((numerator * (width * width + height * height)) / denominator));
    const margin = Math.floor(Math.sqrt(square));
    const truth = boundaryMap(labels, { size, margin });
    const predicted = boundaryMap(prediction, { size, margin, labels });
    const steps = discSteps(square, truth.rowLength);
    this.#truth.add(truth, { against: predicted, steps });
    this.#prediction.add(predicted, { against: truth, steps });
  }

  /** Returns all counts as live arrays, in which the counts of several processes are summed. */
  counts(): readonly BigInt64Array[] {
    return [...this.#truth.counts(), ...this.#prediction.counts()];
  }

  /** Returns the F-scores of everything counted so far. */
  score(): BoundaryScore {
    const perClass = Array.from({ length: this.#classCount }, (_, id) => {
      const precision = this.#prediction.share(id);
      const recall = this.#truth.share(id);
      if (precision === null && recall === null) return null;
      // When one of them is missing, no boundary pixel of the other has a counterpart.
      if (!precision || !recall) return 0;
      return (2 * precision * recall) / (precision + recall);
    });
    const present = perClass.filter((value) => value !== null);
    return { mean: present.reduce((sum, value) => sum + value, 0) / present.length, perClass };
  }
}

class ClassCounts {
  readonly #all: BigInt64Array;
  readonly #near: BigInt64Array;

  constructor(classCount: number) {
    this.#all = new BigInt64Array(classCount);
    this.#near = new BigInt64Array(classCount);
  }

  add(
    { classes, places }: BoundaryMap,
    { against, steps }: { against: BoundaryMap; steps: Int32Array },
  ): void {
    const all = new Uint32Array(ignoreIndex);
    const near = new Uint32Array(ignoreIndex);
    for (const place of places) {
      const id = classes[place] as number;
      all[id] = (all[id] as number) + 1;
      for (const step of steps) {
        if (against.classes[place + step] !== id) continue;
        near[id] = (near[id] as number) + 1;
        break;
      }
    }
    for (const id of this.#all.keys()) {
      this.#all[id] = (this.#all[id] as bigint) + BigInt(all[id] as number);
      this.#near[id] = (this.#near[id] as bigint) + BigInt(near[id] as number);
    }
  }

  counts(): readonly BigInt64Array[] {
    return [this.#all, this.#near];
  }

  /** Returns the share of the class's boundary pixels that have a counterpart nearby; null when it has none. */
  share(id: number): number | null {
    const all = this.#all[id] as bigint;
    return all === 0n ? null : Number(this.#near[id]) / Number(all);
  }
}
