/** Gives the files of the dataset by split and name. A name is looked up in a list and never joined to a path. */

import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import {
  type ClassList,
  type ImageReading,
  type LabelMap,
  openDataset,
  readClassList,
  type SegmentationDataset,
  type Size,
} from '../../data/index.js';
import {
  imagePairs,
  isHidden,
  type PairTable,
  parseImageReading,
  readImageHeader,
} from '../../data/internal.js';
import { NotFoundError } from '../errors/server-error.js';
import { insideFolder } from '../security/inside-folder.js';
import type { Workspace } from '../workspace.js';
import { firstFile } from './first-file.js';

/** Lists the images of a split, in the order of the dataset. */
export interface ImageList {
  readonly length: number;
  /** Returns the name of an image by its place. */
  name(index: number): string;
  /** Returns the place of an image; undefined for an unknown name. */
  indexOf(name: string): number | undefined;
}

/** Names the labels of an image. */
export interface NamedLabels {
  /** Names the folder of labels, such as `coarse`. */
  readonly labels: string;
  /** Names the image. */
  readonly name: string;
}

interface OpenedSplit extends ImageList {
  readonly dataset: SegmentationDataset;
  readonly pairs: PairTable;
}

/** Is a dataset in plain folders as it lay on the disk when it was opened; lists are read when they are first needed. */
export class ServedDataset {
  readonly root: string;
  readonly name: string;
  readonly classList: ClassList;
  /** Says how image files are read. */
  readonly imageReading: ImageReading;
  /** Lists the splits that have images; `.` stands for images without a split. */
  readonly splits: readonly string[];
  readonly #workspace: Workspace;
  readonly #opened = new Map<string, Promise<OpenedSplit | null>>();
  readonly #kinds = new Map<string, Promise<readonly string[]>>();

  private constructor(
    workspace: Workspace & { readonly dataset: string },
    { classList, imageReading, splits }: Pick<ServedDataset, 'classList' | 'imageReading' | 'splits'>,
  ) {
    this.#workspace = workspace;
    this.root = workspace.dataset;
    this.name = basename(workspace.dataset);
    this.classList = classList;
    this.imageReading = imageReading;
    this.splits = splits;
  }

  /**
   * Opens the dataset of a workspace.
   *
   * @throws {NotFoundError} when the workspace has none, or no folder of images is in it
   * @throws {DataError} when its list of classes cannot be read
   */
  static async open(workspace: Workspace): Promise<ServedDataset> {
    const { dataset: root, reading } = workspace;
    if (root === null) {
      throw new NotFoundError('no dataset was named; start coarsely view with --data DATASET');
    }
    const { channels, imageRange: range, exif, unlabeled } = reading;
    const stated = Object.entries({ channels, range, exif }).filter(([, value]) => value !== undefined);
    const imageReading = parseImageReading(Object.fromEntries(stated));
    const classList = await readClassList(join(root, 'classes.json'), {
      ...(typeof unlabeled === 'string' && { unlabeled }),
    });
    const splits = await foldersIn(join(root, 'images'));
    if (splits === null) throw new NotFoundError(`${join(root, 'images')}: there is no such folder`);
    if (splits.length === 0) splits.push('.');
    if (!splits.includes(workspace.split) && workspace.split.includes('+')) splits.push(workspace.split);
    return new ServedDataset({ ...workspace, dataset: root }, { classList, imageReading, splits });
  }

  get classes(): ClassList['classes'] {
    return this.classList.classes;
  }

  /**
   * Lists the images of a split.
   *
   * @throws {NotFoundError} when there is no such split
   * @throws {DataError} when its files cannot be used
   */
  async images(split: string): Promise<ImageList> {
    const opened = await this.#open(split, null);
    if (opened === null) throw new NotFoundError(`${this.root}: has no images of a split '${split}'`);
    return opened;
  }

  /** Returns `count` names of a split from place `from` on, with the number of all. */
  async imageNames(
    split: string,
    { from, count }: { readonly from: number; readonly count: number },
  ): Promise<{ readonly total: number; readonly names: readonly string[] }> {
    const list = await this.images(split);
    const names: string[] = [];
    for (let index = from; index < Math.min(from + count, list.length); index++) names.push(list.name(index));
    return { total: list.length, names };
  }

  /** Lists the folders that hold label maps of a split, such as `coarse` and `fine`. */
  labelKinds(split: string): Promise<readonly string[]> {
    const known = this.#kinds.get(split);
    if (known !== undefined) return known;
    const kinds = this.#findKinds(split);
    this.#kinds.set(split, kinds);
    return kinds;
  }

  /**
   * Returns the path of an image.
   *
   * @throws {NotFoundError} when the split has no image of this name
   * @throws {OutsideError} when a link leads out of the dataset
   */
  async imageFile(split: string, name: string): Promise<string> {
    const opened = await this.#open(split, null);
    const index = opened?.indexOf(name);
    const path = index === undefined ? undefined : opened?.pairs.get(index)?.image;
    if (path === undefined) throw new NotFoundError(`split '${split}' has no image '${name}'`);
    return this.#inside(path);
  }

  /**
   * Returns the path of a label map; null where the image has none of these labels.
   *
   * @throws {OutsideError} when a link leads out of the dataset
   */
  async labelFile(split: string, { labels, name }: NamedLabels): Promise<string | null> {
    const opened = await this.#open(split, labels);
    const index = opened?.indexOf(name);
    const path = index === undefined ? null : (opened?.pairs.get(index)?.labels ?? null);
    return path === null ? null : this.#inside(path);
  }

  /**
   * Reads the labels of an image as class indices, 255 for pixels without a label; null where it has none.
   *
   * @throws {DataError} naming the file when it cannot be used
   */
  async readLabels(split: string, { labels, name }: NamedLabels): Promise<LabelMap | null> {
    if ((await this.labelFile(split, { labels, name })) === null) return null;
    const opened = await this.#open(split, labels);
    const index = opened?.indexOf(name);
    return index === undefined ? null : ((await opened?.dataset.readLabels?.(index)) ?? null);
  }

  /** Reads the size of an image from its header. */
  async imageSize(split: string, name: string): Promise<Size> {
    const { width, height } = await readImageHeader(await this.imageFile(split, name), this.imageReading);
    return { width, height };
  }

  /** Lists the folders whose time of change tells that files came or went. */
  async folders(): Promise<readonly string[]> {
    const found = [this.root, join(this.root, 'images')];
    for (const split of this.splits.flatMap((name) => name.split('+'))) {
      found.push(join(this.root, 'images', split));
      for (const kind of await this.labelKinds(split)) found.push(join(this.root, kind, split));
    }
    return [...new Set(found)];
  }

  #inside(path: string): Promise<string> {
    return insideFolder(path, [this.root, ...this.#workspace.linked]);
  }

  async #findKinds(split: string): Promise<readonly string[]> {
    if (!this.splits.includes(split)) return [];
    const [first = split] = split.split('+');
    const kinds: string[] = [];
    for (const folder of (await foldersIn(this.root)) ?? []) {
      if (folder === 'images') continue;
      if ((await firstFile(join(this.root, folder, first), '.png')) !== null) kinds.push(folder);
    }
    return kinds;
  }

  /** Opens the images, or images with labels, of a split; null where there are none of these names. */
  #open(split: string, labels: string | null): Promise<OpenedSplit | null> {
    const key = JSON.stringify([split, labels]);
    const known = this.#opened.get(key);
    if (known !== undefined) return known;
    const opened = this.#openAnew(split, labels);
    this.#opened.set(key, opened);
    // Trouble is told each time, and looked for again, as a person may mend it meanwhile.
    opened.catch(() => this.#opened.delete(key));
    return opened;
  }

  async #openAnew(split: string, labels: string | null): Promise<OpenedSplit | null> {
    if (!this.splits.includes(split)) return null;
    if (labels !== null && !(await this.labelKinds(split)).includes(labels)) return null;
    const { channels: _, imageRange: __, exif: ___, ...reading } = this.#workspace.reading;
    const dataset = await openDataset({
      ...reading,
      kind: 'folder',
      root: this.root,
      split,
      labels,
      missingLabels: 'skip',
      images: this.imageReading,
    });
    const pairs = imagePairs(dataset.files);
    if (pairs === null) return null;
    const places = new Map<string, number>();
    for (let index = 0; index < pairs.length; index++) places.set(pairs.name(index), index);
    return {
      dataset,
      pairs,
      length: pairs.length,
      name: (index) => pairs.name(index),
      indexOf: (name) => places.get(name.normalize('NFC')),
    };
  }
}

/** Lists the folders in a folder by name, links to folders included; null where it cannot be read. */
async function foldersIn(folder: string): Promise<string[] | null> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => null);
  if (entries === null) return null;
  const names = entries
    .filter((entry) => !isHidden(entry.name) && (entry.isDirectory() || entry.isSymbolicLink()))
    .map(({ name }) => name)
    .filter((name) => !/\.[a-z0-9]{3,4}$/i.test(name));
  return names.sort();
}
