/**
 * A dataset in plain folders:
 *
 *     ROOT/classes.json
 *     ROOT/images/SPLIT/NAME.jpg      (.jpeg, .png, .webp)
 *     ROOT/labels/SPLIT/NAME.png      (or another folder: `coarse` to train, `fine` to evaluate)
 */

import { join } from 'node:path';
import { z } from 'zod';
import { DataError } from '../errors/index.js';
import { type ClassList, readClassList } from './classes.js';
import {
  type DatasetCheck,
  type DatasetClass,
  type DatasetComponent,
  datasets,
  ignoreIndex,
  type Sample,
  type SegmentationDataset,
} from './dataset.js';
import { type FilePair, type FolderLocation, pairFiles, problemsError } from './folder-files.js';
import { hasImageEnd } from './image-end.js';
import { readImage, readImageSize } from './image-file.js';
import { readLabelHeader, readLabels } from './label-file.js';

/** Options of the kind `folder`. */
export type FolderOptions = FolderLocation;

export const folderOptions = z.strictObject({
  /** The folder with `classes.json`. */
  root: z.string().min(1),
  split: z.string().min(1).default('train'),
  /** The folder of labels beside `images`; null reads images alone. */
  labels: z.string().min(1).nullable().default('labels'),
});

/** One split of a dataset folder. Labels are checked as they are read. */
export class FolderDataset implements SegmentationDataset {
  readonly #pairs: readonly FilePair[];
  readonly #classList: ClassList;

  private constructor(pairs: readonly FilePair[], classList: ClassList) {
    this.#pairs = pairs;
    this.#classList = classList;
  }

  /** Lists the files. Throws a DataError for a missing folder or file, an empty split or a bad `classes.json`. */
  static async open(location: FolderLocation): Promise<FolderDataset> {
    const { pairs, problems } = await pairFiles(location);
    if (problems.length > 0) throw problemsError(problems);
    return new FolderDataset(pairs, await readClassList(join(location.root, 'classes.json')));
  }

  get classes(): readonly DatasetClass[] {
    return this.#classList.classes;
  }

  get length(): number {
    return this.#pairs.length;
  }

  name(index: number): string {
    return this.#pair(index).name;
  }

  async read(index: number): Promise<Sample> {
    const pair = this.#pair(index);
    const { width, height, image } = await readImage(pair.image);
    if (pair.labels === null) return { name: pair.name, width, height, image, labels: null };
    const map = await readLabels(pair.labels, this.#classList);
    const mismatch = sizeMismatch(pair.labels, { image: { width, height }, labels: map });
    if (mismatch !== null) throw new DataError(mismatch);
    return { name: pair.name, width, height, image, labels: map.labels };
  }

  #pair(index: number): FilePair {
    const pair = this.#pairs[index];
    if (pair === undefined) throw new RangeError(`sample ${index} of a dataset with ${this.length}`);
    return pair;
  }
}

/** Files looked at together: enough to hide the waiting for a disk. */
const together = 16;
/** The quick check reads the content of about this many label files, spread over the split. */
const sampledLabels = 50;

/**
 * Everything wrong with a dataset folder: the list of classes, pairs, headers and ends of all files, the content of
 * some label files, and whether any pixel is labelled at all; with `deep` every image and label is decoded.
 */
export async function checkFolder(
  location: FolderLocation,
  { deep }: { readonly deep: boolean },
): Promise<DatasetCheck> {
  const { pairs, problems: listed } = await pairFiles(location);
  const problems = [...listed];
  const classList = await readClassList(join(location.root, 'classes.json')).catch(noteIn(problems));
  const stride = deep ? 1 : Math.ceil(pairs.length / sampledLabels);
  let labelled = false;
  for (let start = 0; start < pairs.length; start += together) {
    const group = pairs.slice(start, start + together);
    // Until a labelled pixel was seen, every file is read: mostly that is the first one.
    const contentOf = (place: number) => (start + place) % stride === 0 || !labelled;
    const checks = await Promise.all(
      group.map((pair, place) => checkPair(pair, { classList, content: contentOf(place), deep })),
    );
    for (const check of checks) problems.push(...check.problems);
    labelled ||= checks.some((check) => check.labelled);
  }
  if (location.labels !== null && pairs.length > 0 && problems.length === 0 && !labelled) {
    const folder = join(location.root, location.labels, location.split);
    problems.push(
      `${folder}: the split has no labelled pixel in any of ${pairs.length} files; label some or choose another split`,
    );
  }
  return { length: pairs.length, problems };
}

/**
 * What is wrong with one sample. Headers are looked at; the image is decoded with `deep`, the labels with `content`
 * where there is a class list to read them by, and both when their end is missing.
 */
async function checkPair(
  pair: FilePair,
  {
    classList,
    content,
    deep,
  }: { readonly classList: ClassList | null; readonly content: boolean; readonly deep: boolean },
): Promise<{ readonly problems: readonly string[]; readonly labelled: boolean }> {
  const problems: string[] = [];
  const note = noteIn(problems);
  const decode = deep || !(await hasImageEnd(pair.image));
  const image = await (decode ? readImage(pair.image) : readImageSize(pair.image)).catch(note);
  if (pair.labels === null) return { problems, labelled: false };
  const readContent = content || !(await hasImageEnd(pair.labels));
  const labels = await (classList !== null && readContent
    ? readLabels(pair.labels, classList)
    : readLabelHeader(pair.labels)
  ).catch(note);
  const mismatch = image && labels && sizeMismatch(pair.labels, { image, labels });
  if (mismatch !== null) problems.push(mismatch);
  const labelled =
    labels !== null && 'labels' in labels && labels.labels.some((label) => label !== ignoreIndex);
  return { problems, labelled };
}

/** A handler of rejections that keeps a DataError's message and lets any other error through. */
function noteIn(problems: string[]): (error: unknown) => null {
  return (error) => {
    if (!(error instanceof DataError)) throw error;
    problems.push(error.message);
    return null;
  };
}

function sizeMismatch(
  path: string,
  sizes: {
    readonly image: { readonly width: number; readonly height: number };
    readonly labels: { readonly width: number; readonly height: number };
  },
): string | null {
  const { image, labels } = sizes;
  if (image.width === labels.width && image.height === labels.height) return null;
  return `${path}: labels are ${labels.width}×${labels.height}, but the image is ${image.width}×${image.height}`;
}

const folderComponent: DatasetComponent<FolderOptions> = {
  options: folderOptions,
  create: (options) => FolderDataset.open(options),
  check: checkFolder,
};

datasets.register('folder', folderComponent);
