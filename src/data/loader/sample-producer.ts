/** Makes the samples of batches: opens a sample, augments it and writes it into the memory of its batch. */

import { DataError } from '../../errors/index.js';
import {
  type AugmentedOutput,
  applyAugmentation,
  drawAugmentation,
  rowsShown,
  type SampleWindow,
} from '../augment/augment-sample.js';
import type { Augmentation } from '../augment/augmentation.js';
import type { SegmentationDataset } from '../datasets/dataset.js';
import type { Normalization } from '../images/normalization.js';
import { SampleCache } from './sample-cache.js';
import { augmentationRandom, type DrawnSample } from './sampler.js';

/** Asks for one sample, to be written into memory that threads share. */
export interface SampleTask extends DrawnSample {
  readonly output: AugmentedOutput;
}

/** Makes samples from a dataset, in whichever thread it runs. */
export class SampleProducer {
  readonly #cache: SampleCache;
  readonly #augmentation: Augmentation;
  readonly #seed: number;
  readonly #normalization: Normalization;

  constructor(
    dataset: SegmentationDataset,
    options: {
      readonly augmentation: Augmentation;
      readonly normalization: Normalization;
      readonly seed: number;
      readonly cacheBytes: number;
    },
  ) {
    this.#cache = new SampleCache(dataset, { budgetBytes: options.cacheBytes });
    this.#augmentation = options.augmentation;
    this.#seed = options.seed;
    this.#normalization = options.normalization;
  }

  /**
   * Writes a sample to its output and returns the part of the image that it shows.
   *
   * @throws {DataError} naming the file when the sample cannot be used
   */
  async produce({ epoch, index, output }: SampleTask): Promise<SampleWindow> {
    const { name, labels, ...sample } = await this.#cache.open(index);
    if (labels === null) throw new DataError(`${name}: has no labels, and cannot be trained on`);
    const random = augmentationRandom(this.#seed, { epoch, index });
    const draw = drawAugmentation(labels, { size: sample, augmentation: this.#augmentation, random });
    const rows = rowsShown(draw);
    return applyAugmentation(draw, {
      image: sample.imageRows(rows),
      firstRow: rows.first,
      labels,
      output,
      normalization: this.#normalization,
    });
  }
}
