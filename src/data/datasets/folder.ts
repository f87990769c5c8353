/**
 * Reads a dataset in plain folders:
 *
 *     ROOT/classes.json
 *     ROOT/images/SPLIT/NAME.jpg      (or another format: PNG, WebP, TIFF, BMP, GIF, AVIF)
 *     ROOT/labels/SPLIT/NAME.png      (or another folder: `coarse` to train, `fine` to evaluate)
 */

import { join } from 'node:path';
import { z } from 'zod';
import { listByStem } from '../files/list-files.js';
import { type FileListing, joinSplits, listSplit, type SplitLayout } from '../files/list-split.js';
import { imageExtensions, imageFormatNames } from '../images/image-formats.js';
import { readLabelHeader, readLabels } from '../images/label-file.js';
import { readClassList } from './class-list.js';
import { defineFileDataset } from './file-dataset.js';
import { splitNames, splitOption } from './file-options.js';

const options = z
  .strictObject({
    root: z.string().min(1).describe('Folder with `classes.json`.'),
    split: splitOption()
      .default('train')
      .describe('Folder in `images` and in the folder of labels, or several joined by `+`.'),
    labels: z
      .string()
      .min(1)
      .nullable()
      .default('labels')
      .describe('Folder of labels beside `images`. `null` reads images only.'),
  })
  .describe('Images and labels in plain folders, with `classes.json`.');

type FolderOptions = z.output<typeof options>;

/** Lists the extensions of label files. */
export const labelExtensions: ReadonlySet<string> = new Set(['.png']);
const layout = 'a dataset has images/SPLIT and LABELS/SPLIT folders';

async function list({ root, split, labels }: FolderOptions): Promise<FileListing> {
  const splits = splitNames(split);
  const listings: FileListing[] = [];
  for (const one of splits) {
    const listing = await listSplit(layoutOf(one, { root, labels }));
    // Two splits may use the same name.
    const pairs = listing.pairs.map((pair) => ({ ...pair, name: `${one}/${pair.name}` }));
    listings.push(splits.length === 1 ? listing : { ...listing, pairs });
  }
  return joinSplits(listings);
}

function layoutOf(split: string, { root, labels }: Pick<FolderOptions, 'root' | 'labels'>): SplitLayout {
  const imageFolder = join(root, 'images', split);
  const labelFolder = labels === null ? null : join(root, labels, split);
  return {
    listImages: (notes) => listByStem(imageFolder, { extensions: imageExtensions, layout, notes }),
    listLabels:
      labelFolder === null
        ? null
        : (notes) => listByStem(labelFolder, { extensions: labelExtensions, layout, notes }),
    noImages: `${imageFolder}: split '${split}' holds no image; expected ${imageFormatNames} files`,
    expectedImage: (name) => `${name} in ${imageFolder}`,
    expectedLabels: (name) => join(labelFolder ?? '', `${name}.png`),
  };
}

/** Reads datasets in plain folders. */
export const folder = defineFileDataset({
  kind: 'folder',
  options,
  list,
  labelFormat: async ({ root }) => {
    const classList = await readClassList(join(root, 'classes.json'));
    const { classes } = classList;
    return { classes, read: (path) => readLabels(path, classList), readSize: readLabelHeader };
  },
  labelFolder: ({ root, labels, split }) => labels && join(root, labels, split),
});
