/** Describes where an audit has its likelihoods from. */

import type { DatasetClass, SegmentationDataset } from '../data/index.js';
import type { AuditKnowledge } from './knowledge.js';
import type { AuditedImage } from './score-image.js';

/** Holds an image with what networks make of it. */
export interface PredictedImage extends AuditedImage {
  /** Holds the weight that reweighting gives each cell; 1 is the mean over labeled pixels. */
  readonly weights: Float32Array;
  /** Counts the pixels with a label. */
  readonly labeled: number;
  /**
   * Counts the labeled pixels that cannot be judged, as no network learned their class from other images; `labels` has 255
   * for them.
   */
  readonly unjudged: number;
}

/** Gives the images of a dataset with likelihoods, by index. */
export interface AuditPredictions extends Disposable {
  readonly files: SegmentationDataset;
  /** Lists the classes in the order of labels and likelihoods. */
  readonly classes: readonly DatasetClass[];
  readonly knowledge: AuditKnowledge;
  /** Has a sentence for each thing that was assumed. */
  readonly assumptions: readonly string[];
  /**
   * Reads an image.
   *
   * @throws {DataError} naming the file when it cannot be used
   */
  read(index: number): Promise<PredictedImage>;
}

/** Reports how far an audit has come. */
export type AuditEvent =
  | { readonly type: 'features'; readonly done: number; readonly total: number }
  | AuditProgress<'head'>
  | AuditProgress<'sample'>
  | AuditProgress<'image'>
  | AuditProgress<'judge'>
  | { readonly type: 'notice'; readonly message: string };

interface AuditProgress<Type> {
  readonly type: Type;
  readonly done: number;
  readonly total: number;
  readonly secondsLeft: number;
}

/** Measures how long the rest of some equal steps takes. */
export class Pace {
  readonly #began = performance.now();
  readonly #total: number;
  readonly #before: number;

  /** @param options.before counts the steps that were done already */
  constructor(total: number, { before = 0 }: { readonly before?: number } = {}) {
    this.#total = total;
    this.#before = before;
  }

  /** Returns what a progress event says after `done` steps. */
  after(done: number): { readonly done: number; readonly total: number; readonly secondsLeft: number } {
    const each = (performance.now() - this.#began) / 1000 / Math.max(1, done - this.#before);
    return { done, total: this.#total, secondsLeft: each * (this.#total - done) };
  }
}
