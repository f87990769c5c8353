/** Defines kinds of dataset in which each image file has a label file: what all of them share once their files are listed. */

import type { z } from 'zod';
import { DataError } from '../../errors/index.js';
import { defineComponent } from '../../registry/index.js';
import type { DatasetClass } from '../classes.js';
import type { FileListing } from '../files/list-split.js';
import { findListing, type KeptListing, keepListing } from '../files/listing-cache.js';
import { type FilePair, PairTable, type SharedFiles } from '../files/pair-table.js';
import { openImage, readImage } from '../images/image-file.js';
import { defaultReading, type ImageReading } from '../images/image-reading.js';
import type { LabelMap, LabelReader } from '../images/label-file.js';
import { explainMismatch } from '../images/orientation.js';
import type { Size } from '../images/size.js';
import { checkFiles, noteIn } from './check-files.js';
import {
  findPaletteConflict,
  groupByPalette,
  type PaletteGroup,
  type PaletteMeaning,
} from './compare-palettes.js';
import type {
  DatasetComponent,
  DatasetContext,
  OpenSample,
  PredictionFormat,
  Sample,
  SegmentationDataset,
} from './dataset.js';

/** Says what labels mean and how their files are read. */
export interface LabelFormat extends LabelReader {
  readonly classes: readonly DatasetClass[];
  /** Says what the indices of palette PNGs have to agree with; absent where palettes mean nothing. */
  readonly palettes?: PaletteMeaning | undefined;
}

interface FileDatasetKind<Schema extends z.ZodType> {
  readonly kind: string;
  readonly options: Schema;
  /** Lists the files of all folders, which is slow for many files. */
  list(options: z.output<Schema>): Promise<FileListing>;
  /**
   * Returns the format of the labels.
   *
   * @throws {DataError} when it cannot be found out
   */
  labelFormat(options: z.output<Schema>): Promise<LabelFormat>;
  /** Returns the folder of the labels for messages, or null when the dataset is read without labels. */
  labelFolder(options: z.output<Schema>): string | null;
  readonly predictionFormat?: PredictionFormat;
}

interface Listing extends KeptListing {
  readonly problems: readonly string[];
  readonly labelFormat: LabelFormat;
}

/** Stands for the labels of a dataset whose list of classes cannot be read; no label file is read then. */
const noLabelFormat: LabelFormat = {
  classes: [],
  read: (path) => Promise.reject(new DataError(`${path}: there is no list of classes`)),
  readSize: (path) => Promise.reject(new DataError(`${path}: there is no list of classes`)),
};

/** Returns the component of such a kind. Listings of large datasets are kept between runs. */
export function defineFileDataset<Schema extends z.ZodType<object>>({
  kind,
  options,
  list,
  labelFormat,
  labelFolder,
  ...extra
}: FileDatasetKind<Schema>): DatasetComponent<z.output<Schema>> {
  type Options = z.output<Schema>;
  // What is wrong with a file depends on how it is read.
  const keyOf = (given: Options, images: ImageReading) => ({
    kind,
    ...given,
    ...(JSON.stringify(images) === JSON.stringify(defaultReading) ? {} : { images }),
  });
  const findKept = async (given: Options, images: ImageReading): Promise<Listing | null> => {
    const kept = await findListing(keyOf(given, images));
    return kept && { ...kept, problems: [], labelFormat: await labelFormat(given) };
  };
  const listAnew = async (given: Options, images: ImageReading): Promise<Listing> => {
    const began = Date.now();
    const { pairs, problems: found, skipped, notes, listed } = await list(given);
    const problems = [...found];
    const format = await labelFormat(given).catch(noteIn(problems));
    const usable = format === null ? pairs.map((pair) => ({ ...pair, labels: null })) : pairs;
    const kept = { pairs: PairTable.from(usable), skipped, notes, listed, checked: false };
    if (problems.length === 0) await keepListing(keyOf(given, images), { ...kept, began });
    return { ...kept, problems, labelFormat: format ?? noLabelFormat };
  };
  const component = defineComponent({
    kind,
    options,
    create: async (
      given: Options,
      { files, images = defaultReading }: DatasetContext,
    ): Promise<SegmentationDataset> => {
      if (files === undefined) {
        const { problems, ...listing } = (await findKept(given, images)) ?? (await listAnew(given, images));
        if (problems.length > 0) throw firstOf(problems);
        if (!listing.checked && !comparedHere.has(JSON.stringify(keyOf(given, images)))) {
          const { conflict } = await comparePalettes(listing);
          if (conflict !== null) throw new DataError(conflict);
        }
        return new FileDataset({ ...listing, images });
      }
      return new FileDataset({
        pairs: new PairTable(files),
        labelFormat: await labelFormat(given),
        skipped: [],
        images,
      });
    },
    check: async (
      given: Options,
      {
        deep,
        images = defaultReading,
      }: { readonly deep: boolean; readonly images?: ImageReading | undefined },
    ) => {
      const kept = deep ? null : await findKept(given, images).catch(() => null);
      if (kept?.checked) {
        const { pairs, skipped, notes } = kept;
        return { length: pairs.length, problems: [], skipped, notes };
      }
      const began = Date.now();
      const { problems: known, labelFormat: labelReader, ...listing } = await listAnew(given, images);
      const { pairs, skipped } = listing;
      const found = await checkFiles(pairs, {
        known,
        labelReader,
        labelFolder: labelFolder(given),
        images,
        deep,
      });
      const notes = [...listing.notes, ...found.notes];
      const { conflict, groups } = await comparePalettes({ pairs, labelFormat: labelReader });
      const problems = [...found.problems, ...(conflict === null ? [] : [conflict])];
      const key = keyOf(given, images);
      if (conflict === null) comparedHere.add(JSON.stringify(key));
      if (problems.length === 0) await keepListing(key, { ...listing, notes, checked: true, began });
      return { length: pairs.length, problems, skipped, notes, palettes: groups };
    },
  });
  return { ...component, ...extra };
}

/** Holds the datasets whose palettes this process has compared, as training checks a dataset before it opens it. */
const comparedHere = new Set<string>();

/** Compares the palettes of the label files where their indices are classes. */
async function comparePalettes({
  pairs,
  labelFormat: { palettes: meaning },
}: Pick<Listing, 'pairs' | 'labelFormat'>): Promise<{
  readonly conflict: string | null;
  readonly groups: readonly PaletteGroup[];
}> {
  if (meaning === undefined) return { conflict: null, groups: [] };
  const paths = pairs.slice(0, pairs.length).flatMap(({ labels }) => (labels === null ? [] : [labels]));
  const groups = await groupByPalette(paths);
  const found = await findPaletteConflict(groups, meaning.classList);
  if (found === null) return { conflict: null, groups };
  return { conflict: `${found.examples.join(' and ')}: ${found.message}; ${meaning.remedy}`, groups };
}

/** Returns one error for a list of problems: the first one, and how many follow. */
function firstOf(problems: readonly string[]): DataError {
  const rest = problems.length - 1;
  return new DataError(rest > 0 ? `${problems[0]}\n(and ${rest} more)` : `${problems[0]}`);
}

/** Reads samples from their files; labels are checked as they are read. */
class FileDataset implements SegmentationDataset {
  readonly #pairs: PairTable;
  readonly #labelFormat: LabelFormat;
  readonly #images: ImageReading;
  readonly skipped: readonly string[];

  constructor({
    pairs,
    labelFormat,
    skipped,
    images,
  }: Pick<Listing, 'pairs' | 'labelFormat' | 'skipped'> & { readonly images: ImageReading }) {
    this.#pairs = pairs;
    this.#labelFormat = labelFormat;
    this.#images = images;
    this.skipped = skipped;
  }

  get channels(): number {
    return this.#images.channels;
  }

  get imageReading(): ImageReading {
    return this.#images;
  }

  get files(): SharedFiles {
    return this.#pairs.content;
  }

  get classes(): readonly DatasetClass[] {
    return this.#labelFormat.classes;
  }

  get length(): number {
    return this.#pairs.length;
  }

  name(index: number): string {
    return this.#pair(index).name;
  }

  async read(index: number): Promise<Sample> {
    const { name, image, labels } = this.#pair(index);
    const decoded = await readImage(image, this.#images);
    return { name, ...decoded, labels: await this.#labels(labels, { path: image, size: decoded }) };
  }

  async open(index: number): Promise<OpenSample> {
    const { name, image, labels } = this.#pair(index);
    const { width, height, rows } = await openImage(image, this.#images);
    const map = await this.#labels(labels, { path: image, size: { width, height } });
    return { name, width, height, labels: map, imageRows: rows };
  }

  async readLabels(index: number): Promise<LabelMap | null> {
    const { labels } = this.#pair(index);
    return labels === null ? null : this.#labelFormat.read(labels);
  }

  async #labels(
    path: string | null,
    image: { readonly path: string; readonly size: Size },
  ): Promise<Uint8Array | null> {
    if (path === null) return null;
    const map = await this.#labelFormat.read(path);
    const paths = { labelPath: path, imagePath: image.path };
    const mismatch = await explainMismatch(paths, { image: image.size, labels: map, reading: this.#images });
    if (mismatch !== null) throw new DataError(mismatch);
    return map.labels;
  }

  #pair(index: number): FilePair {
    const pair = this.#pairs.get(index);
    if (pair === undefined) throw new RangeError(`sample ${index} of a dataset with ${this.length}`);
    return pair;
  }
}
