/** Datasets of image files with a label file each: what every such kind shares once its files are listed. */

import type { z } from 'zod';
import { DataError } from '../errors/index.js';
import { checkFiles } from './check-files.js';
import type { DatasetClass, DatasetComponent, OpenSample, Sample, SegmentationDataset } from './dataset.js';
import type { FileListing, FilePair } from './file-listing.js';
import { problemsError } from './folder-files.js';
import { readImage } from './image-file.js';
import { openImage } from './open-image.js';
import type { Size } from './region.js';
import { sizeMismatch } from './size-mismatch.js';

/** A kind of dataset from its options and how its files are listed. */
export function pairedComponent<Options>(
  options: z.ZodType<Options>,
  list: (options: Options) => Promise<FileListing>,
): DatasetComponent<Options> {
  return {
    options,
    create: async (given) => new PairedDataset(await list(given)),
    check: async (given, { deep }) => checkFiles(await list(given), { deep }),
  };
}

/** Labels are checked as they are read. */
class PairedDataset implements SegmentationDataset {
  readonly #listing: FileListing;

  /** Throws a DataError for the problems of the listing. */
  constructor(listing: FileListing) {
    if (listing.problems.length > 0) throw problemsError(listing.problems);
    this.#listing = listing;
  }

  get classes(): readonly DatasetClass[] {
    return this.#listing.classes;
  }

  get length(): number {
    return this.#listing.pairs.length;
  }

  get skipped(): readonly string[] {
    return this.#listing.skipped;
  }

  name(index: number): string {
    return this.#pair(index).name;
  }

  async read(index: number): Promise<Sample> {
    const { name, image, labels } = this.#pair(index);
    const decoded = await readImage(image);
    return { name, ...decoded, labels: await this.#labels(labels, decoded) };
  }

  async open(index: number): Promise<OpenSample> {
    const { name, image, labels } = this.#pair(index);
    const { width, height, rows } = await openImage(image);
    const map = await this.#labels(labels, { width, height });
    return { name, width, height, labels: map, imageRows: rows };
  }

  async #labels(path: string | null, image: Size): Promise<Uint8Array | null> {
    if (path === null) return null;
    const map = await this.#listing.labelReader.read(path);
    const mismatch = sizeMismatch(path, { image, labels: map });
    if (mismatch !== null) throw new DataError(mismatch);
    return map.labels;
  }

  #pair(index: number): FilePair {
    const pair = this.#listing.pairs[index];
    if (pair === undefined) throw new RangeError(`sample ${index} of a dataset with ${this.length}`);
    return pair;
  }
}
