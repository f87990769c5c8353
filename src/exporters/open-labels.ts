/** Opens the labels of a dataset folder for export, split by split. */

import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { openDataset, type SegmentationDataset } from '../data/index.js';
import { imagePairs, isHidden, type LabelEncoding, readImageHeader } from '../data/internal.js';
import { DataError } from '../errors/index.js';
import { suggestion } from '../errors/internal.js';
import { pointsFolder } from '../importers/internal.js';
import { EarlierLabels } from './changed-labels.js';
import type { ExportedImage } from './label-writer.js';

/** Says which labels are opened. */
interface OpenOptions {
  readonly labels: string;
  /** Says what states the class of a pixel, as `data.labelEncoding`. */
  readonly labelEncoding: LabelEncoding;
}

/** Holds the labels of one split. */
export interface LabeledSplit {
  readonly split: string;
  readonly dataset: SegmentationDataset;
}

/**
 * Opens each split that has labels, or the one that is named, and notes what has none.
 *
 * @throws {DataError} when there is none, or one cannot be read
 */
export async function openSplits(
  root: string,
  { labels, split, labelEncoding }: OpenOptions & { readonly split?: string | undefined },
): Promise<{ readonly splits: readonly LabeledSplit[]; readonly notes: readonly string[] }> {
  const inLabels = await foldersOf(root, labels);
  const inImages = await foldersOf(root, 'images');
  // Without folders of splits, the files themselves are the only split.
  const isFlat = inImages.length === 0 && inLabels.length === 0;
  const found = isFlat ? ['.'] : inImages.filter((name) => inLabels.includes(name));
  if (split !== undefined && !found.includes(split)) {
    throw new DataError(
      `${root}: no split '${split}' in both images and ${labels}${suggestion(split, found)}; there are ${found.join(', ') || 'none'}`,
    );
  }
  if (found.length === 0) {
    throw new DataError(
      `${root}: no folder of images has one of the same name in ${labels}; a dataset has images/SPLIT and ${labels}/SPLIT`,
    );
  }
  const splits: LabeledSplit[] = [];
  const without = split === undefined && !isFlat ? inImages.filter((name) => !found.includes(name)) : [];
  const notes = without.map(
    (name) => `${join(root, 'images', name)}: has no labels in ${labels}, and is left out`,
  );
  for (const name of split === undefined ? found : [split]) {
    const dataset = await openFolder(root, { split: name, labels, labelEncoding });
    const { length } = await openFolder(root, { split: name, labels: null, labelEncoding });
    if (dataset.length < length) {
      const share = `${length - dataset.length} of ${length} images`;
      notes.push(`${join(root, 'images', name)}: ${share} have no labels in ${labels}, and are left out`);
    }
    splits.push({ split: name, dataset });
  }
  if (existsSync(join(root, pointsFolder))) {
    notes.push(
      `${join(root, pointsFolder)}: points and lines are not exported, only the labels of ${labels}`,
    );
  }
  return { splits, notes };
}

/** Opens the same split of an earlier dataset; one that it does not have counts as new. */
export async function openEarlier(
  root: string,
  {
    split,
    labels,
    labelEncoding,
    classes,
  }: OpenOptions & {
    readonly split: string;
    readonly classes: SegmentationDataset['classes'];
  },
): Promise<EarlierLabels> {
  await foldersOf(root, labels);
  const isThere = existsSync(join(root, labels, split)) && existsSync(join(root, 'images', split));
  return new EarlierLabels(isThere ? await openFolder(root, { split, labels, labelEncoding }) : null, {
    classes,
  });
}

/**
 * Reads the labels of an image.
 *
 * @throws {DataError} naming the files when they cannot be read or are not of the same size
 */
export async function readForExport({ split, dataset }: LabeledSplit, index: number): Promise<ExportedImage> {
  const files = imagePairs(dataset.files)?.get(index);
  const map = (await dataset.readLabels?.(index)) ?? null;
  if (files === undefined || map === null) throw new DataError(`${split}: sample ${index} has no labels`);
  const { width, height, labels } = map;
  const header = await readImageHeader(files.image);
  if (header.width !== width || header.height !== height) {
    throw new DataError(
      `${files.labels}: ${width}×${height} pixels, but ${files.image} has ${header.width}×${header.height}; ` +
        'expected the same size (coarsely check says more)',
    );
  }
  return { split, name: dataset.name(index), image: files.image, labels, width, height };
}

function openFolder(
  root: string,
  given: {
    readonly split: string;
    readonly labels: string | null;
    readonly labelEncoding: LabelEncoding;
  },
): Promise<SegmentationDataset> {
  return openDataset({ kind: 'folder', root, ...given, missingLabels: 'skip' });
}

/** Lists the folders in a folder of a dataset. */
async function foldersOf(root: string, name: string): Promise<string[]> {
  const folder = join(root, name);
  const entries = await readdir(folder, { withFileTypes: true }).catch(async (cause: unknown) => {
    const found = await readdir(root).catch(() => null);
    if (found === null) throw new DataError(`${root}: no such folder; expected a dataset`, { cause });
    throw new DataError(`${folder}: no such folder${suggestion(name, found)}; expected a dataset with it`, {
      cause,
    });
  });
  const names: string[] = [];
  for (const entry of entries) {
    if (isHidden(entry.name)) continue;
    const isLink = entry.isSymbolicLink();
    if (isLink ? await isFolder(join(folder, entry.name)) : entry.isDirectory()) names.push(entry.name);
  }
  return names.sort();
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
