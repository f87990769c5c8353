/**
 * A dataset in plain folders:
 *
 *     ROOT/classes.json
 *     ROOT/images/SPLIT/NAME.jpg      (.jpeg, .png, .webp)
 *     ROOT/labels/SPLIT/NAME.png      (or another folder: `coarse` to train, `fine` to evaluate)
 */

import { join } from 'node:path';
import { z } from 'zod';
import { noteIn } from '../files/check-files.js';
import type { FileListing, LabelMeaning } from '../files/file-listing.js';
import { type FolderLocation, pairFiles } from '../files/folder-files.js';
import type { FilePair } from '../files/pair-table.js';
import { splitNames, splitOption } from '../files/splits.js';
import { readLabelHeader, readLabels } from '../images/label-file.js';
import { type ClassList, readClassList } from './classes.js';
import { pairedComponent } from './paired-dataset.js';

/** Options of the kind `folder`. */
export type FolderOptions = FolderLocation;

export const folderOptions = z
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

const noClasses: ClassList = { classes: [], ignoredValue: 255 };

async function listFolder({ root, split, labels }: FolderOptions): Promise<FileListing> {
  const problems: string[] = [];
  const folders: string[] = [];
  const pairs: FilePair[] = [];
  const splits = splitNames(split);
  for (const one of splits) {
    const found = await pairFiles({ root, split: one, labels }, { folders });
    // One by one: a call takes no hundred thousand arguments.
    for (const problem of found.problems) problems.push(problem);
    for (const pair of found.pairs) {
      // Two splits may use the same name.
      pairs.push(splits.length === 1 ? pair : { ...pair, name: `${one}/${pair.name}` });
    }
  }
  const classList = await readClassList(join(root, 'classes.json')).catch(noteIn(problems));
  return {
    ...meaningOf(classList ?? noClasses),
    // Without a list of classes labels mean nothing.
    pairs: classList === null ? pairs.map((pair) => ({ ...pair, labels: null })) : pairs,
    problems,
    skipped: [],
    listed: folders,
    labelFolder: labels === null ? null : join(root, labels, split),
  };
}

function meaningOf(classList: ClassList): LabelMeaning {
  return {
    classes: classList.classes,
    labelReader: { read: (path) => readLabels(path, classList), readSize: readLabelHeader },
  };
}

const meaning = async ({ root }: FolderOptions): Promise<LabelMeaning> =>
  meaningOf(await readClassList(join(root, 'classes.json')));

/** Reads datasets in plain folders. */
export const folder = pairedComponent('folder', { options: folderOptions, list: listFolder, meaning });
