/** Images of a run's data with the labels that teach and, where there are any, finer ones to judge those by. */

import { type Config, datasetSection } from '../config/index.js';
import { openDataset, type Sample, type SegmentationDataset } from '../data/index.js';
import { CoarselyError, DataError } from '../errors/index.js';

export interface LabelledImage {
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
  /** Whose split; its images come with the labels of training either way. */
  readonly part?: 'train' | 'evaluation';
  /** The name of the finer labels. Null takes those of the evaluation, where this split has them. */
  readonly fineLabels?: string | null;
}

/** A few images of a run's data, the same at every call. */
export class ChosenImages {
  readonly indices: readonly number[];
  readonly #teaching: SegmentationDataset;
  readonly #fine: SegmentationDataset | null;

  private constructor(
    teaching: SegmentationDataset,
    { fine, count }: { readonly fine: SegmentationDataset | null; readonly count: number },
  ) {
    this.#teaching = teaching;
    this.#fine = fine;
    this.indices = spread(teaching.length, count);
  }

  /** @throws DataError when the images are not there, or the fine labels that were asked for */
  static async open(
    data: Config['data'],
    { count, part = 'train', fineLabels = null }: ChosenImagesOptions,
  ): Promise<ChosenImages> {
    const section = { ...datasetSection(data, part), labels: data.train.labels };
    const teaching = await openDataset(section);
    const name = fineLabels ?? data.evaluation.labels;
    if (name === section.labels) return new ChosenImages(teaching, { fine: null, count });
    const fine = await openDataset({ ...section, labels: name }).catch((error: unknown) => {
      if (fineLabels !== null || !(error instanceof CoarselyError)) throw error;
      return null;
    });
    if (fine !== null && !sameImages(teaching, fine)) {
      if (fineLabels === null) return new ChosenImages(teaching, { fine: null, count });
      throw new DataError(
        `${data.root}: expected labels '${name}' for the images that have '${section.labels}', found others; label the same images`,
      );
    }
    return new ChosenImages(teaching, { fine, count });
  }

  get datasetLength(): number {
    return this.#teaching.length;
  }

  get hasFineLabels(): boolean {
    return this.#fine !== null;
  }

  /** @throws DataError naming the file that cannot be used */
  async read(index: number): Promise<LabelledImage> {
    const sample = await this.#teaching.read(index);
    if (sample.labels === null) {
      throw new DataError(`${sample.name}: expected labels, found none; choose a labelled split`);
    }
    const fine = (await this.#fine?.read(index))?.labels ?? null;
    return { index, sample, teaching: sample.labels, fine };
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
