/** Opens the parts of a folder dataset that decisions are about, by the names that decisions use. */

import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  type ClassList,
  ignoreIndex,
  openDataset,
  type PointFile,
  readClassList,
  readLabels,
  readPointFile,
  type SegmentationDataset,
  type Size,
} from '../data/index.js';
import {
  imagePairs,
  type LabelEncoding,
  listTree,
  type PairTable,
  parseImageReading,
  readImageHeader,
} from '../data/internal.js';
import { ConfigError, DataError } from '../errors/index.js';
import type { LabelForm } from './patch-label-file.js';

/** Says how the files of a dataset are read: keys of the section `data` of a config, such as `labelSuffix` and `exif`. */
export type ReadingOptions = Readonly<Record<string, unknown>>;

/** Holds an opened folder of images or labels, with the place of each name in it. */
interface OpenedSplit {
  readonly dataset: SegmentationDataset;
  readonly pairs: PairTable;
  readonly places: ReadonlyMap<string, number>;
}

/** Holds the labels of an image, as they are read and as they lie on the disk. */
export interface LabelFile extends Size {
  readonly path: string;
  readonly labels: Uint8Array;
}

/** Holds the points of an image, and the file that they are in or will be. */
export interface StoredPoints {
  readonly path: string;
  readonly file: PointFile;
}

/** Gives the files of a dataset by split, folder of labels and name of the image. */
export class ReviewedDataset {
  readonly root: string;
  readonly form: LabelForm;
  readonly #reading: ReadingOptions;
  readonly #images: ReturnType<typeof parseImageReading>;
  readonly #opened = new Map<string, Promise<OpenedSplit | null>>();
  readonly #points = new Map<string, Promise<ReadonlyMap<string, string>>>();

  private constructor(
    root: string,
    {
      form,
      reading,
      images,
    }: {
      readonly form: LabelForm;
      readonly reading: ReadingOptions;
      readonly images: ReturnType<typeof parseImageReading>;
    },
  ) {
    this.root = root;
    this.form = form;
    this.#reading = reading;
    this.#images = images;
  }

  /**
   * Opens a dataset in plain folders.
   *
   * @throws {DataError} when the folder is none, or its list of classes cannot be read
   * @throws {ConfigError} for an option that such a dataset does not have
   */
  static async open(root: string, options: ReadingOptions): Promise<ReviewedDataset> {
    const { channels, imageRange, exif, kind, ...reading } = options;
    if (kind !== undefined && kind !== 'folder') {
      throw new ConfigError(
        `apply: writes a dataset of plain folders; expected data.kind folder, received ${kind}`,
      );
    }
    const images = parseImageReading(
      Object.fromEntries(
        Object.entries({ channels, range: imageRange, exif }).filter(([, value]) => value !== undefined),
      ),
    );
    if (!existsSync(root) || !statSync(root).isDirectory()) {
      throw new DataError(`${root}: no such folder; expected a dataset with images/ and classes.json`);
    }
    const { unlabeled, labelEncoding = 'auto', reduceZeroLabel = false } = reading;
    const classList = await readClassList(join(root, 'classes.json'), {
      ...(typeof unlabeled === 'string' && { unlabeled }),
    });
    const encoding = labelEncoding as LabelEncoding;
    const form = { classList, encoding, reduceZeroLabel: reduceZeroLabel === true };
    return new ReviewedDataset(root, { form, reading, images });
  }

  get classes(): ClassList['classes'] {
    return this.form.classList.classes;
  }

  /** Returns the path of an image; null where there is none of this name. */
  async imagePath(split: string, image: string): Promise<string | null> {
    const opened = await this.#open(split, null);
    const index = opened?.places.get(image.normalize('NFC'));
    return index === undefined ? null : (opened?.pairs.get(index)?.image ?? null);
  }

  /**
   * Reads the labels of an image; null where there are none.
   *
   * @throws {DataError} naming the file when it cannot be used
   */
  async readLabels(
    split: string,
    { image, labels }: { readonly image: string; readonly labels: string },
  ): Promise<LabelFile | null> {
    const opened = await this.#open(split, labels);
    const index = opened?.places.get(image.normalize('NFC'));
    if (opened === null || index === undefined) return null;
    const path = opened.pairs.get(index)?.labels ?? null;
    const map = await opened.dataset.readLabels?.(index);
    return path === null || map === null || map === undefined ? null : { path, ...map };
  }

  /**
   * Reads the points of an image whose path is `imagePath`; none where there is no file of them.
   *
   * @throws {DataError} naming the file when it cannot be used
   */
  async readPoints(
    split: string,
    {
      image,
      imagePath,
      folder,
    }: { readonly image: string; readonly imagePath: string; readonly folder: string },
  ): Promise<StoredPoints> {
    const { width, height } = await readImageHeader(imagePath, this.#images);
    const known = (await this.#pointFiles(split, folder)).get(image.normalize('NFC'));
    if (known === undefined) {
      return {
        path: join(this.root, folder, split, `${image}.json`),
        file: { width, height, points: [], more: {} },
      };
    }
    const file = known.endsWith('.json')
      ? await readPointFile(known, this.classes)
      : await this.#sparseLabels(known);
    if (file.width === width && file.height === height) return { path: known, file };
    throw new DataError(
      `${known}: holds points of an image of ${file.width}×${file.height} pixels, and ${imagePath} has ${width}×${height}`,
    );
  }

  /** Returns the images or labels of a split; null where the folder is missing. */
  #open(split: string, labels: string | null): Promise<OpenedSplit | null> {
    const key = JSON.stringify([split, labels]);
    const known = this.#opened.get(key);
    if (known !== undefined) return known;
    const opened = this.#openAnew(split, labels);
    this.#opened.set(key, opened);
    return opened;
  }

  async #openAnew(split: string, labels: string | null): Promise<OpenedSplit | null> {
    const needed = [join('images', split), ...(labels === null ? [] : [join(labels, split)])];
    if (![split, labels ?? split].every(staysInside) || labels?.split('/')[0] === 'images') return null;
    if (!needed.every((folder) => existsSync(join(this.root, folder)))) return null;
    const dataset = await openDataset({
      ...this.#reading,
      kind: 'folder',
      root: this.root,
      split,
      labels,
      missingLabels: 'skip',
      images: this.#images,
    });
    const pairs = imagePairs(dataset.files);
    if (pairs === null) return null;
    const places = new Map(
      Array.from({ length: pairs.length }, (_, index) => [pairs.name(index), index] as const),
    );
    return { dataset, pairs, places };
  }

  #pointFiles(split: string, folder: string): Promise<ReadonlyMap<string, string>> {
    const path = join(this.root, folder, split);
    const known = this.#points.get(path);
    if (known !== undefined) return known;
    const listed = listTree(path, { extensions: pointExtensions, subfolders: split !== '.' }).then(
      ({ files }) => files,
      () => new Map<string, string>(),
    );
    this.#points.set(path, listed);
    return listed;
  }

  /** Returns the labeled pixels of a label PNG as points. */
  async #sparseLabels(path: string): Promise<PointFile> {
    const { width, height, labels } = await readLabels(path, this.form.classList);
    const points: PointFile['points'][number][] = [];
    for (const [pixel, label] of labels.entries()) {
      if (label !== ignoreIndex) {
        points.push({ x: pixel % width, y: Math.floor(pixel / width), class: label, more: {} });
      }
    }
    return { width, height, points, more: {} };
  }
}

const pointExtensions: ReadonlySet<string> = new Set(['.json', '.png']);

/** Tells whether a name from a journal leads to a folder below the dataset. */
function staysInside(name: string): boolean {
  if (name === '.') return true;
  const parts = name.split('/');
  return !/[\\\0]/.test(name) && parts.every((part) => part !== '' && part !== '.' && part !== '..');
}
