/** What every loading thread does, the caller's own included: read a sample, augment it, write it into a batch. */

import { DataError } from '../../errors/index.js';
import {
  applyAugmentation,
  drawAugmentation,
  rowsShown,
  type SampleWindow,
} from '../augment/augment-sample.js';
import type { Augmentation } from '../augment/augmentation.js';
import type { SegmentationDataset } from '../datasets/dataset.js';
import { SampleCache } from './sample-cache.js';
import { augmentationRandom, type SampledPlace } from './sampler.js';

/** The memory of a batch: float32 images [N, 3, H, W] and uint8 labels [N, H, W]. */
export interface BatchMemory {
  readonly images: SharedArrayBuffer;
  readonly labels: SharedArrayBuffer;
}

/** One sample to be made, and the place in a batch that it goes to. */
export interface SampleTask extends SampledPlace {
  readonly memory: BatchMemory;
  readonly place: number;
}

/** Fills places of batches from a dataset. */
export class SampleProducer {
  readonly #cache: SampleCache;
  readonly #augmentation: Augmentation;
  readonly #seed: number;

  constructor(
    dataset: SegmentationDataset,
    options: { readonly augmentation: Augmentation; readonly seed: number; readonly cacheBytes: number },
  ) {
    this.#cache = new SampleCache(dataset, { budgetBytes: options.cacheBytes });
    this.#augmentation = options.augmentation;
    this.#seed = options.seed;
  }

  /** Gives the part of the image that was taken. Throws a DataError naming the file when the sample cannot be used. */
  async produce({ memory, place, epoch, index }: SampleTask): Promise<SampleWindow> {
    const { name, labels, ...sample } = await this.#cache.open(index);
    if (labels === null) throw new DataError(`${name}: has no labels, and cannot be trained on`);
    const [height, width] = this.#augmentation.cropSize;
    const pixels = height * width;
    const random = augmentationRandom(this.#seed, { epoch, index });
    const draw = drawAugmentation(labels, { size: sample, augmentation: this.#augmentation, random });
    const rows = rowsShown(draw);
    return applyAugmentation(draw, {
      image: sample.imageRows(rows),
      firstRow: rows.first,
      labels,
      output: {
        image: new Float32Array(memory.images, place * 3 * pixels * 4, 3 * pixels),
        labels: new Uint8Array(memory.labels, place * pixels, pixels),
      },
    });
  }
}
