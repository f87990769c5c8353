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
import { deformLabels } from '../augment/label-deformation.js';
import type { SegmentationDataset } from '../datasets/dataset.js';
import type { Normalization } from '../images/normalization.js';
import type { Size } from '../images/size.js';
import { type MapCentroids, mapCentroids } from './centroids.js';
import { SampleCache } from './sample-cache.js';
import { augmentationRandom, type DrawnSample, deformationRandom } from './sampler.js';

/** Asks for one sample, to be written into memory that threads share. */
export interface SampleTask extends DrawnSample {
  readonly output: AugmentedOutput;
  /** Counts the pixels of the crop by class. */
  readonly countClasses?: boolean;
}

/** Says what was made: the part of the image that a sample shows, and its pixels by label where they were asked for. */
export interface ProducedSample {
  readonly window: SampleWindow;
  readonly classPixels?: Uint32Array;
}

/** Asks where the classes of a sample are. */
export interface CentroidTask {
  readonly index: number;
  /** Gives the size of the parts of the label map in which centers are taken. */
  readonly tile: Size;
}

/** Makes samples from a dataset, in whichever thread it runs. */
export class SampleProducer {
  readonly #dataset: SegmentationDataset;
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
    this.#dataset = dataset;
    this.#cache = new SampleCache(dataset, { budgetBytes: options.cacheBytes });
    this.#augmentation = options.augmentation;
    this.#seed = options.seed;
    this.#normalization = options.normalization;
  }

  /**
   * Writes a sample to its output and says what it shows.
   *
   * @throws {DataError} naming the file when the sample cannot be used
   */
  async produce({ output, countClasses = false, ...drawn }: SampleTask): Promise<ProducedSample> {
    const { index, focus } = drawn;
    const { name, labels, ...sample } = await this.#cache.open(index);
    if (labels === null) throw new DataError(`${name}: has no labels, and cannot be trained on`);
    const random = augmentationRandom(this.#seed, drawn);
    const draw = drawAugmentation(labels, { size: sample, augmentation: this.#augmentation, random, focus });
    const rows = rowsShown(draw);
    const window = applyAugmentation(draw, {
      image: sample.imageRows(rows),
      firstRow: rows.first,
      labels,
      output,
      normalization: this.#normalization,
    });
    const { labelDeformation = null, cropSize } = this.#augmentation;
    if (labelDeformation !== null) {
      // Padding, which is at the right and below, stays where it is.
      const { width, height } = draw.region.window;
      deformLabels(output.labels, {
        ...{ width, height, stride: cropSize[1], deformation: labelDeformation },
        random: deformationRandom(this.#seed, drawn),
      });
    }
    return countClasses ? { window, classPixels: pixelsByClass(output.labels) } : { window };
  }

  /**
   * Finds the classes in the labels of a sample.
   *
   * @throws {DataError} naming the file when it cannot be used
   */
  async centroids({ index, tile }: CentroidTask): Promise<MapCentroids> {
    const dataset = this.#dataset;
    const map = (await dataset.readLabels?.(index)) ?? (await dataset.read(index));
    const { width, height, labels } = map;
    if (labels === null)
      throw new DataError(`${dataset.name(index)}: has no labels, and cannot be trained on`);
    return mapCentroids(labels, { size: { width, height }, tile, classCount: dataset.classes.length });
  }
}

function pixelsByClass(labels: Uint8Array): Uint32Array {
  const pixels = new Uint32Array(256);
  for (const label of labels) pixels[label] = (pixels[label] as number) + 1;
  return pixels;
}
