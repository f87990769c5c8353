/** Datasets of image files with a label file each: what every such kind shares once its files are listed. */

import type { z } from 'zod';
import { DataError } from '../../errors/index.js';
import { checkFiles } from '../files/check-files.js';
import type { FileListing, LabelMeaning } from '../files/file-listing.js';
import { problemsError } from '../files/folder-files.js';
import { type KeptListing, keepListing, keptListing, type ListingKey } from '../files/listing-cache.js';
import { type FilePair, PairTable } from '../files/pair-table.js';
import { sizeMismatch } from '../files/size-mismatch.js';
import { readImage } from '../images/image-file.js';
import { openImage } from '../images/open-image.js';
import type { Size } from '../images/region.js';
import type {
  DatasetClass,
  DatasetComponent,
  OpenSample,
  Sample,
  SegmentationDataset,
  SharedFiles,
} from './dataset.js';

/** What makes a kind of dataset of files. */
export interface PairedKind<Options> {
  readonly options: z.ZodType<Options>;
  /** Lists the folders, with what labels mean: slow for many files. */
  list(options: Options): Promise<FileListing>;
  /** What labels mean, alone. Throws a DataError where that cannot be found out. */
  meaning(options: Options): Promise<LabelMeaning>;
}

type Listing = Omit<FileListing, 'pairs' | 'listed'> & KeptListing;

/** The component of a kind; large listings are kept between runs. */
export function pairedComponent<Options extends object>(
  kind: string,
  { options, list, meaning }: PairedKind<Options>,
): DatasetComponent<Options> {
  const keyOf = (given: Options): ListingKey => ({ kind, ...given });
  const kept = async (given: Options): Promise<Listing | null> => {
    const found = await keptListing(keyOf(given));
    return found && { ...found, ...(await meaning(given)), problems: [], labelFolder: null };
  };
  const listed = async (given: Options): Promise<Listing> => {
    const began = Date.now();
    const { pairs, ...listing } = await list(given);
    const result = { ...listing, pairs: PairTable.from(pairs), checked: false };
    if (result.problems.length === 0) await keepListing(keyOf(given), { ...result, began });
    return result;
  };
  return {
    kind,
    options,
    create: async (given, { files }) => {
      if (files === undefined) return new PairedDataset((await kept(given)) ?? (await listed(given)));
      const { pairs, skipped } = files;
      return new PairedDataset({
        ...(await meaning(given)),
        pairs: new PairTable(pairs),
        skipped,
        problems: [],
      });
    },
    check: async (given, { deep }) => {
      const known = deep ? null : await kept(given).catch(() => null);
      if (known?.checked) return { length: known.pairs.length, problems: [], skipped: known.skipped };
      const began = Date.now();
      const listing = await listed(given);
      const check = await checkFiles(listing, { deep });
      if (check.problems.length === 0) await keepListing(keyOf(given), { ...listing, checked: true, began });
      return check;
    },
  };
}

/** Labels are checked as they are read. */
class PairedDataset implements SegmentationDataset {
  readonly #listing: Pick<Listing, 'classes' | 'labelReader' | 'pairs' | 'skipped'>;

  /** Throws a DataError for the problems of the listing. */
  constructor(listing: Pick<Listing, 'classes' | 'labelReader' | 'pairs' | 'skipped' | 'problems'>) {
    if (listing.problems.length > 0) throw problemsError(listing.problems);
    this.#listing = listing;
  }

  get files(): SharedFiles {
    const { pairs, skipped } = this.#listing;
    return { pairs: pairs.content, skipped };
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
    const pair = this.#listing.pairs.get(index);
    if (pair === undefined) throw new RangeError(`sample ${index} of a dataset with ${this.length}`);
    return pair;
  }
}
