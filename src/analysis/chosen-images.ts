/** A few images of a run's data with their training labels and, where there are any, finer labels to compare with. */

import type { Config } from '../config/index.js';
import { datasetSection } from '../config/index.js';
import {
  alignClasses,
  openDataset,
  type PredictedClasses,
  type Sample,
  type SegmentationDataset,
} from '../data/index.js';
import { CoarselyError, DataError, MemoryError } from '../errors/index.js';

/** Holds an image with the labels that training uses and, where there are any, finer ones. */
export interface LabeledImage {
  /** Place in the split. */
  readonly index: number;
  readonly sample: Sample;
  /** Class ids, height × width. */
  readonly trainingLabels: Uint8Array;
  /** Class ids, height × width; null where there are no finer labels. */
  readonly fineLabels: Uint8Array | null;
}

/** Configures which images are chosen, and with which labels. */
export interface ChosenImagesOptions {
  /** Number of images, spread evenly over the split. */
  readonly count: number;
  /** The split they are taken from; its images come with the labels of training where it has them. */
  readonly part?: 'train' | 'evaluation';
  /** The name of the finer labels. Null takes those of the evaluation, where this split has them. */
  readonly fineLabels?: string | null;
  /** Gives labels the order of this network's classes; null, the default, keeps that of the dataset. */
  readonly network?: PredictedClasses | null;
  /** Receives one line when labels are renumbered. */
  readonly onNotice?: ((notice: string) => void) | undefined;
  /** Receives one line for an image that is too large for memory and is left out; without it, such an image is an error. */
  readonly onLeftOut?: ((line: string) => void) | undefined;
}

interface Parts {
  readonly fine: SegmentationDataset | null;
  readonly count: number;
  readonly part: 'train' | 'evaluation';
}

/** Reads a few images of a run's data, the same ones at every call. */
export class ChosenImages {
  /** Their places in the split. */
  readonly indices: readonly number[];
  readonly #training: SegmentationDataset;
  readonly #fine: SegmentationDataset | null;
  readonly #part: 'train' | 'evaluation';

  private constructor(training: SegmentationDataset, { fine, count, part }: Parts) {
    this.#training = training;
    this.#fine = fine;
    this.#part = part;
    this.indices = evenlySpaced(training.length, count);
  }

  /**
   * Opens the datasets of both kinds of labels.
   *
   * @throws {DataError} when the images are missing, or the fine labels that were named
   * @throws {ConfigError} when the dataset has other classes than the network that its labels are aligned to
   */
  static async open(
    data: Config['data'],
    { count, part = 'train', fineLabels = null, network = null, onNotice }: ChosenImagesOptions,
  ): Promise<ChosenImages> {
    const { section, training: opened } = await openWithTrainingLabels(data, part);
    const training = network === null ? opened : alignClasses(opened, { network, onNotice });
    const name = fineLabels ?? data.evaluation.labels;
    if (name === section.labels) return new ChosenImages(training, { fine: null, count, part });
    const fine = await openDataset({ ...section, labels: name }).catch((error: unknown) => {
      if (fineLabels !== null || !(error instanceof CoarselyError)) throw error;
      return null;
    });
    if (fine !== null && !haveSameImages(training, fine)) {
      if (fineLabels === null) return new ChosenImages(training, { fine: null, count, part });
      throw new DataError(
        `${data.root}: expected labels '${name}' for the images that have '${section.labels}', found them for other ` +
          'images; label the same images',
      );
    }
    // Both kinds of labels have the classes of one root, so that one notice is enough.
    const aligned = fine && network ? alignClasses(fine, { network }) : fine;
    return new ChosenImages(training, { fine: aligned, count, part });
  }

  /** The number of training images when these are some of them, else 0: a reweighter remembers those alone. */
  get trainingLength(): number {
    return this.#part === 'train' ? this.#training.length : 0;
  }

  /**
   * Reads the image at `index` of the split with its labels.
   *
   * @throws {DataError} naming the file that cannot be used
   */
  async read(index: number): Promise<LabeledImage> {
    const sample = await this.#training.read(index);
    if (sample.labels === null) {
      throw new DataError(`${sample.name}: expected labels, found none; choose a labeled split`);
    }
    const fineLabels = (await this.#fine?.read(index))?.labels ?? null;
    return { index, sample, trainingLabels: sample.labels, fineLabels };
  }
}

/** Opens the split with the labels of training or, where only the training split has those, with its own. */
async function openWithTrainingLabels(data: Config['data'], part: 'train' | 'evaluation') {
  const own = datasetSection(data, part);
  const section = { ...own, labels: data.train.labels };
  try {
    return { section, training: await openDataset(section) };
  } catch (error) {
    if (section.labels === own.labels || !(error instanceof CoarselyError)) throw error;
    return { section: own, training: await openDataset(own) };
  }
}

/** Returns the middles of `count` equal parts of `length` places, or all places when there are no more. */
export function evenlySpaced(length: number, count: number): number[] {
  const shown = Math.min(count, length);
  return Array.from({ length: shown }, (_, part) => Math.floor(((part + 0.5) * length) / shown));
}

/** Tells whether two datasets have the same images, by the names of some of them. */
export function haveSameImages(one: SegmentationDataset, other: SegmentationDataset): boolean {
  if (one.length !== other.length) return false;
  return evenlySpaced(one.length, 16).every((index) => one.name(index) === other.name(index));
}

/**
 * Returns what `measure` returns, or null when the image is too large for memory and someone is told.
 *
 * @throws {MemoryError} when the image is too large and nobody is told
 */
export function measureWhatFits<T>(
  measure: () => T,
  onLeftOut: ((line: string) => void) | undefined,
): T | null {
  try {
    return measure();
  } catch (error) {
    if (!(error instanceof MemoryError) || onLeftOut === undefined) throw error;
    onLeftOut(error.message);
    return null;
  }
}
