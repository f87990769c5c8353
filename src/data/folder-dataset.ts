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

/**
 * Everything wrong with a dataset folder: the list of classes, pairs and headers of all files, and whether any pixel
 * is labelled at all; with `deep` every image and label is decoded too.
 */
export async function checkFolder(
  location: FolderLocation,
  { deep }: { readonly deep: boolean },
): Promise<DatasetCheck> {
  const { pairs, problems: listed } = await pairFiles(location);
  const problems = [...listed];
  const noteProblem = (error: unknown): null => {
    if (!(error instanceof DataError)) throw error;
    problems.push(error.message);
    return null;
  };
  const classList = await readClassList(join(location.root, 'classes.json')).catch(noteProblem);
  let labelled = false;
  for (const pair of pairs) {
    const before = problems.length;
    const image = await (deep ? readImage(pair.image) : readImageSize(pair.image)).catch(noteProblem);
    if (pair.labels === null) continue;
    const labels = await readLabelHeader(pair.labels).catch(noteProblem);
    if (image !== null && labels !== null) {
      const mismatch = sizeMismatch(pair.labels, { image, labels });
      if (mismatch !== null) problems.push(mismatch);
    }
    // Content is read until one labelled pixel was seen: mostly the first file.
    if (classList === null || problems.length > before || (labelled && !deep)) continue;
    const map = await readLabels(pair.labels, classList).catch(noteProblem);
    labelled ||= map?.labels.some((label) => label !== ignoreIndex) ?? false;
  }
  if (location.labels !== null && pairs.length > 0 && problems.length === 0 && !labelled) {
    const folder = join(location.root, location.labels, location.split);
    problems.push(`${folder}: no labelled pixel in any of ${pairs.length} files; nothing could be learned`);
  }
  return { length: pairs.length, problems };
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

datasets.register('folder', folderComponent as DatasetComponent);
