/**
 * The boundary F-score: how much of the predicted outline of a class lies near its true outline, and the reverse.
 * Csurka, Larlus, Perronnin: "What is a good evaluation measure for semantic segmentation?", BMVC 2013. Near is within
 * 0.75 % of the image's diagonal, as they have it, and at least one pixel.
 *
 * They average over images; here, as for mIoU, the counts of all images are added up, so that an image with a few
 * boundary pixels weighs as much as those, and the sums are exact.
 */
import { ignoreIndex } from '../data/index.js';
import { type BoundaryMap, boundaryMap, discSteps, type MapSize } from './boundary-map.js';

/** 0.0075² as a fraction: squared distances are then compared in whole numbers. */
const toleranceSquared = { numerator: 9, denominator: 160_000 } as const;

export interface BoundaryScore {
  /** Mean over the classes that have a boundary in truth or prediction, 0..1; NaN where none has. */
  readonly mean: number;
  /** By class id; null where a class has no boundary in either. */
  readonly perClass: readonly (number | null)[];
}

/** Counts boundary pixels of any number of images, and those that have their counterpart near. */
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
   * Adds one image. Boundary pixels of the prediction count where the labels say something, and only against them.
   *
   * @param prediction height × width class ids
   * @param labels the same of the truth, 255 where not labeled
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

  /** Everything counted, as live arrays: counts of several processes are added up in them. */
  counts(): readonly BigInt64Array[] {
    return [...this.#truth.counts(), ...this.#prediction.counts()];
  }

  score(): BoundaryScore {
    const perClass = Array.from({ length: this.#classCount }, (_, id) => {
      const precision = this.#prediction.share(id);
      const recall = this.#truth.share(id);
      if (precision === null && recall === null) return null;
      // One of them missing means an outline without counterpart: nothing of it is near.
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

  /** Boundary pixels that have a counterpart near, of all of the class; null where there are none. */
  share(id: number): number | null {
    const all = this.#all[id] as bigint;
    return all === 0n ? null : Number(this.#near[id]) / Number(all);
  }
}
