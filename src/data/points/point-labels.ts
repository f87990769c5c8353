/** Finds the points of a dataset's images: a file for each image that has some, by the image's name. */

import { join } from 'node:path';
import { DataError } from '../../errors/index.js';
import { counted } from '../../format/index.js';
import { ignoreIndex } from '../classes.js';
import type { SegmentationDataset } from '../datasets/dataset.js';
import { splitNames } from '../datasets/file-options.js';
import { listTree } from '../files/file-tree.js';
import { unreadableFolder } from '../files/list-files.js';
import { imagePairs } from '../files/pair-table.js';
import { readImageHeader } from '../images/image-file.js';
import { defaultReading } from '../images/image-reading.js';
import { readLabels } from '../images/label-file.js';
import { explainMismatch } from '../images/orientation.js';
import type { Size } from '../images/size.js';
import { listNames } from '../match-classes.js';
import { pixelsAround } from './pixels-around.js';
import { readPointFile } from './point-file.js';

/** Holds the labeled pixels of one image. */
export interface ImagePoints extends Size {
  readonly path: string;
  /** Counts the points that have a class; around each of them several pixels may be labeled. */
  readonly count: number;
  /** Counts the points whose class was asked for and is not known. */
  readonly unanswered: number;
  /** Gives the place of each labeled pixel, y · width + x, in ascending order. */
  readonly pixels: Uint32Array;
  /** Gives the class of each labeled pixel. */
  readonly classes: Uint8Array;
}

/** Holds the points of the images of a dataset by their index in it; images without a labeled point are absent. */
export type PointLabels = ReadonlyMap<number, ImagePoints>;

/** Says where the points of a dataset are. */
export interface PointsPlace {
  /** Is the folder of the dataset. */
  readonly root: string;
  /** Names the folder of points in it. */
  readonly labels: string;
  /** Names the folders in that one, several joined by `+`. */
  readonly split: string;
  /** Labels the pixels up to this distance from a point too, 0 by default; where discs meet, the nearer point counts. */
  readonly radius?: number;
}

const extensions: ReadonlySet<string> = new Set(['.json', '.png']);
/** Limits the files that are opened at once, which is enough to hide the latency of a disk. */
const filesAtOnce = 16;

/**
 * Reads the points of a dataset's images: `ROOT/LABELS/SPLIT/NAME.json`, or a label PNG of that name that is 255 elsewhere.
 *
 * @throws {DataError} naming the file when it cannot be used, has another size than its image or belongs to no image, and
 * when there is no point at all
 */
export async function openPoints(
  dataset: SegmentationDataset,
  { root, labels, split, radius = 0 }: PointsPlace,
): Promise<PointLabels> {
  const indices = new Map(
    Array.from({ length: dataset.length }, (_, index) => [dataset.name(index), index] as const),
  );
  const found: { readonly index: number; readonly path: string }[] = [];
  for (const one of splitNames(split)) {
    const folder = join(root, labels, one);
    for (const [name, path] of await listFolder(folder)) {
      // With several splits, the names of a folder dataset begin with theirs.
      const index = indices.get(name) ?? indices.get(`${one}/${name}`);
      if (index !== undefined) found.push({ index, path });
      else if (!dataset.skipped?.length) {
        throw new DataError(
          `${path}: points without an image; expected an image named ${name} among the ${dataset.length} that are trained on`,
        );
      }
    }
  }
  found.sort((a, b) => a.index - b.index);
  const points = new Map<number, ImagePoints>();
  let unanswered = 0;
  for (let start = 0; start < found.length; start += filesAtOnce) {
    const group = found.slice(start, start + filesAtOnce);
    const read = await Promise.all(
      group.map(({ index, path }) => readPoints(dataset, { index, path, radius })),
    );
    for (const [place, image] of read.entries()) {
      unanswered += image.unanswered;
      if (image.count > 0) points.set((group[place] as { index: number }).index, image);
    }
  }
  if (points.size === 0) throw nonePoints(join(root, labels, split), { files: found.length, unanswered });
  return points;
}

/** Counts the points and, by class, the labeled pixels of images. */
export function countPoints(points: PointLabels): {
  readonly points: number;
  readonly unanswered: number;
  readonly pixelsByClass: Float64Array;
} {
  let [all, unanswered] = [0, 0];
  const pixelsByClass = new Float64Array(ignoreIndex);
  for (const image of points.values()) {
    all += image.count;
    unanswered += image.unanswered;
    for (const label of image.classes) pixelsByClass[label] = (pixelsByClass[label] as number) + 1;
  }
  return { points: all, unanswered, pixelsByClass };
}

/** Returns labels [height, width] of an image that has these points, 255 elsewhere. */
export function labelMapOf({ width, height, pixels, classes }: ImagePoints): Uint8Array {
  const labels = new Uint8Array(width * height).fill(ignoreIndex);
  for (const [place, pixel] of pixels.entries()) labels[pixel] = classes[place] as number;
  return labels;
}

function nonePoints(
  folder: string,
  { files, unanswered }: { readonly files: number; readonly unanswered: number },
): DataError {
  if (files === 0) return new DataError(`${folder}: holds no file of points; expected NAME.json or NAME.png`);
  return new DataError(
    `${folder}: no point has a class in ${counted(files, 'file')} (${counted(unanswered, 'point waits', 'points wait')} for an answer); ` +
      'set the class of some of them',
  );
}

async function listFolder(folder: string): Promise<ReadonlyMap<string, string>> {
  const tree = await listTree(folder, { extensions, subfolders: true }).catch(
    (error: NodeJS.ErrnoException) => {
      throw new DataError(
        error.code === 'ENOENT'
          ? `${folder}: no such folder; points are files LABELS/SPLIT/NAME.json in the folder of the dataset`
          : unreadableFolder(folder, error.code ?? error.message),
      );
    },
  );
  for (const { path, other } of tree.repeated) {
    throw new DataError(`${path}: has the same name as ${other}; keep one of the two`);
  }
  for (const { path, code } of tree.unreadable) throw new DataError(unreadableFolder(path, code));
  return tree.files;
}

async function readPoints(
  dataset: SegmentationDataset,
  { index, path, radius }: { readonly index: number; readonly path: string; readonly radius: number },
): Promise<ImagePoints> {
  const image = path.endsWith('.png')
    ? await readSparseLabels(path, dataset)
    : await readPointFile(path, dataset.classes);
  const { width, height, points } = image;
  await expectSize(dataset, { index, path, size: { width, height } });
  const answered = points.flatMap(({ x, y, class: label }) => (label === null ? [] : [{ x, y, label }]));
  return {
    path,
    width,
    height,
    count: answered.length,
    unanswered: points.length - answered.length,
    ...pixelsAround(answered, { size: { width, height }, radius }),
  };
}

/** Returns the labeled pixels of a label PNG as points. */
async function readSparseLabels(path: string, { classes }: SegmentationDataset) {
  const { width, height, labels } = await readLabels(path, { classes, ignoredValue: ignoreIndex });
  const points: { x: number; y: number; class: number }[] = [];
  for (const [pixel, label] of labels.entries()) {
    if (label !== ignoreIndex) points.push({ x: pixel % width, y: Math.floor(pixel / width), class: label });
  }
  return { width, height, points };
}

/** Throws when points were set on an image of another size. */
async function expectSize(
  dataset: SegmentationDataset,
  { index, path, size }: { readonly index: number; readonly path: string; readonly size: Size },
): Promise<void> {
  const file = imagePairs(dataset.files)?.get(index)?.image;
  if (file === undefined) return;
  const reading = dataset.imageReading ?? defaultReading;
  const { width, height } = await readImageHeader(file, reading);
  const paths = { labelPath: path, imagePath: file };
  const mismatch = await explainMismatch(paths, { image: { width, height }, labels: size, reading });
  if (mismatch !== null) throw new DataError(mismatch);
}

/** Says that a split of points is none that is trained on; null where all are. */
export function unknownPointSplit(split: string, trained: string): string | null {
  const known = splitNames(trained);
  const other = splitNames(split).find((name) => !known.includes(name));
  if (other === undefined) return null;
  return `expected splits that are trained on (${listNames(known)}), as points are of training images, received ${other}`;
}
