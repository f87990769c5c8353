/**
 * Reads ADE20K's scene parsing benchmark (`ADEChallengeData2016`) in its official layout:
 *
 *     ROOT/images/training/NAME.jpg        ROOT/images/validation/NAME.jpg
 *     ROOT/annotations/training/NAME.png   ROOT/annotations/validation/NAME.png
 *
 * A label file holds 1 to 150 for the classes, and 0 for pixels that are ignored.
 */

import { join } from 'node:path';
import { z } from 'zod';
import { ignoreIndex } from '../classes.js';
import { listByStem } from '../files/list-files.js';
import { type FileListing, joinSplits, listSplit, type SplitLayout } from '../files/list-split.js';
import { idLabelReader } from '../images/id-labels.js';
import { ade20kClasses } from './ade20k/classes.js';
import type { PredictionFormat } from './dataset.js';
import { defineFileDataset, type LabelFormat } from './file-dataset.js';
import { badFilesOption, idPalettes, splitNames, splitOption } from './file-options.js';

/** Maps the names of splits to their folders. */
const folders = {
  train: 'training',
  training: 'training',
  val: 'validation',
  validation: 'validation',
} as const;

const options = z
  .strictObject({
    root: z.string().min(1).describe('Folder with `images` and `annotations`.'),
    split: splitOption(Object.keys(folders))
      .default('train')
      .describe(
        '`train` or `val` (or the names of the folders: `training`, `validation`), or both joined by `+`.',
      ),
    labels: z.literal('annotations').nullable().default('annotations').describe('`null` reads images only.'),
    badFiles: badFilesOption,
  })
  .describe('ADE20K (`ADEChallengeData2016`) in its official layout; 150 classes.');

type Ade20kOptions = z.output<typeof options>;

const layout = 'ADE20K has images and annotations folders, each with training and validation';

const labelFormat: LabelFormat = {
  classes: ade20kClasses,
  palettes: idPalettes,
  ...idLabelReader({
    expected: 'ADE20K (SceneParse150) values, 1 to 150 and 0 for ignored',
    labels: [ignoreIndex, ...ade20kClasses.keys()],
  }),
};

/** Returns the folders of the splits, each once. */
function splitFolders(split: string): string[] {
  return [...new Set(splitNames(split).map((name) => folders[name as keyof typeof folders]))];
}

async function list({ root, split, labels, badFiles }: Ade20kOptions): Promise<FileListing> {
  const listings = splitFolders(split).map((folder) => {
    const skipBadFiles = badFiles === 'auto' ? folder === folders.train : badFiles === 'skip';
    return listSplit(layoutOf(folder, { root, labels }), { skipBadFiles });
  });
  return joinSplits(await Promise.all(listings));
}

function layoutOf(folder: string, { root, labels }: Pick<Ade20kOptions, 'root' | 'labels'>): SplitLayout {
  const imageFolder = join(root, 'images', folder);
  const labelFolder = labels === null ? null : join(root, labels, folder);
  return {
    listImages: (notes) => listByStem(imageFolder, { extensions: new Set(['.jpg']), layout, notes }),
    listLabels:
      labelFolder === null
        ? null
        : (notes) => listByStem(labelFolder, { extensions: new Set(['.png']), layout, notes }),
    noImages: `${imageFolder}: no image; expected NAME.jpg`,
    expectedImage: (name) => join(imageFolder, `${name}.jpg`),
    expectedLabels: (name) => join(labelFolder ?? '', `${name}.png`),
  };
}

/** Predictions have the values of the label files, and each is named after its image. */
const predictionFormat: PredictionFormat = {
  classes: ade20kClasses,
  values: ade20kClasses.map((_, index) => index + 1),
  fileName: (imageName) => `${imageName}.png`,
  imageNames: 'as they were published',
};

/** Reads ADE20K as it is published. */
export const ade20k = defineFileDataset({
  kind: 'ade20k',
  options,
  list,
  labelFormat: async () => labelFormat,
  labelFolder: ({ root, labels, split }) => labels && join(root, labels, splitFolders(split).join('+')),
  predictionFormat,
});
