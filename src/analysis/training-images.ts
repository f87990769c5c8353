/** Images of a run's data with the labels that teach and, where there are any, finer ones to judge those by. */

import type { Config } from '../config/index.js';
import { datasetSection } from '../config/index.js';
import { openDataset, type Sample, type SegmentationDataset } from '../data/index.js';
import { CoarselyError, DataError } from '../errors/index.js';

export interface LabeledImage {
  /** Place in the split. */
  readonly index: number;
  readonly sample: Sample;
  /** Height × width: the labels that training uses. */
  readonly teaching: Uint8Array;
  /** Height × width; null where there are no finer labels. */
  readonly fine: Uint8Array | null;
}

export interface ChosenImagesOptions {
  /** How many, spread evenly over the split. */
  readonly count: number;
  /** Whose split; its images come with the labels of training where it has them. */
  readonly part?: 'train' | 'evaluation';
  /** The name of the finer labels. Null takes those of the evaluation, where this split has them. */
  readonly fineLabels?: string | null;
}

interface ImagesParts {
  readonly fine: SegmentationDataset | null;
  readonly count: number;
  readonly part: 'train' | 'evaluation';
}

/** A few images of a run's data, the same at every call. */
export class ChosenImages {
  readonly indices: readonly number[];
  readonly #teaching: SegmentationDataset;
  readonly #fine: SegmentationDataset | null;
  readonly #part: 'train' | 'evaluation';

  private constructor(teaching: SegmentationDataset, { fine, count, part }: ImagesParts) {
    this.#teaching = teaching;
    this.#fine = fine;
    this.#part = part;
    this.indices = spread(teaching.length, count);
  }

  /** @throws DataError when the images are not there, or the fine labels that were asked for */
  static async open(
    data: Config['data'],
    { count, part = 'train', fineLabels = null }: ChosenImagesOptions,
  ): Promise<ChosenImages> {
    const { section, teaching } = await openTeaching(data, part);
    const name = fineLabels ?? data.evaluation.labels;
    if (name === section.labels) return new ChosenImages(teaching, { fine: null, count, part });
    const fine = await openDataset({ ...section, labels: name }).catch((error: unknown) => {
      if (fineLabels !== null || !(error instanceof CoarselyError)) throw error;
      return null;
    });
    if (fine !== null && !sameImages(teaching, fine)) {
      if (fineLabels === null) return new ChosenImages(teaching, { fine: null, count, part });
      throw new DataError(
        `${data.root}: expected labels '${name}' for the images that have '${section.labels}', found others; label the same images`,
      );
    }
    return new ChosenImages(teaching, { fine, count, part });
  }

  /** Number of training images when these are of them, else 0: what a reweighter remembers is of those alone. */
  get trainingLength(): number {
    return this.#part === 'train' ? this.#teaching.length : 0;
  }

  /** @throws DataError naming the file that cannot be used */
  async read(index: number): Promise<LabeledImage> {
    const sample = await this.#teaching.read(index);
    if (sample.labels === null) {
      throw new DataError(`${sample.name}: expected labels, found none; choose a labeled split`);
    }
    const fine = (await this.#fine?.read(index))?.labels ?? null;
    return { index, sample, teaching: sample.labels, fine };
  }
}

/** The split with the labels of training, or, where only training has those, with its own. */
async function openTeaching(data: Config['data'], part: 'train' | 'evaluation') {
  const own = datasetSection(data, part);
  const section = { ...own, labels: data.train.labels };
  try {
    return { section, teaching: await openDataset(section) };
  } catch (error) {
    if (section.labels === own.labels || !(error instanceof CoarselyError)) throw error;
    return { section: own, teaching: await openDataset(own) };
  }
}

/** The middles of `count` equal parts of `length` places; all of them when there are no more. */
export function spread(length: number, count: number): number[] {
  const shown = Math.min(count, length);
  return Array.from({ length: shown }, (_, part) => Math.floor(((part + 0.5) * length) / shown));
}

function sameImages(one: SegmentationDataset, other: SegmentationDataset): boolean {
  if (one.length !== other.length) return false;
  return spread(one.length, 16).every((index) => one.name(index) === other.name(index));
}
