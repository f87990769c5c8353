/**
 * ADE20K's scene parsing benchmark (`ADEChallengeData2016`) in its official layout:
 *
 *     ROOT/images/training/NAME.jpg        ROOT/images/validation/NAME.jpg
 *     ROOT/annotations/training/NAME.png   ROOT/annotations/validation/NAME.png
 *
 * A label file holds 1 to 150 for the classes and 0 for the rest, which is ignored.
 */

import { join } from 'node:path';
import { z } from 'zod';
import { badFilesOption } from '../../files/bad-files.js';
import type { FileListing, LabelMeaning } from '../../files/file-listing.js';
import { listByStem } from '../../files/list-files.js';
import { splitNames, splitOption } from '../../files/splits.js';
import { idLabelReader } from '../../images/id-labels.js';
import { ignoreIndex, type PredictionFormat } from '../dataset.js';
import { pairedComponent } from '../paired-dataset.js';
import { joinSplits, listPublicSplit, type PublicSplit } from '../public-split.js';
import { ade20kClasses } from './classes.js';

/** The folder of each split. */
const folders = {
  train: 'training',
  training: 'training',
  val: 'validation',
  validation: 'validation',
} as const;

export const ade20kOptions = z
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

/** Options of the kind `ade20k`. */
export type Ade20kOptions = z.output<typeof ade20kOptions>;

const layout = 'ADE20K has images and annotations folders, each with training and validation';
const labelReader = idLabelReader({
  expected: 'ADE20K (SceneParse150) values, 1 to 150 and 0 for ignored',
  labels: [ignoreIndex, ...ade20kClasses.keys()],
});

const labelMeaning: LabelMeaning = { classes: ade20kClasses, labelReader };

async function listAde20k({ root, split, labels, badFiles }: Ade20kOptions): Promise<FileListing> {
  const names = new Set(splitNames(split).map((name) => folders[name as keyof typeof folders]));
  const found = [...names].map((folder) => {
    const skip = badFiles === 'auto' ? folder === 'training' : badFiles === 'skip';
    return listPublicSplit(filesOf(folder, { root, labels }), { skip });
  });
  const labelFolder = labels === null ? null : join(root, labels, [...names].join('+'));
  return { ...labelMeaning, labelFolder, ...joinSplits(await Promise.all(found)) };
}

function filesOf(folder: string, { root, labels }: Pick<Ade20kOptions, 'root' | 'labels'>): PublicSplit {
  const imageFolder = join(root, 'images', folder);
  return {
    imageFolder,
    labelFolder: labels === null ? null : join(root, labels, folder),
    listImages: (notes) => listByStem(imageFolder, { extensions: new Set(['.jpg']), ...notes, layout }),
    listLabels: (notes, labelFolder) =>
      listByStem(labelFolder, { extensions: new Set(['.png']), ...notes, layout }),
    imageName: (name) => `${name}.jpg`,
    labelName: (name) => `${name}.png`,
  };
}

/** Values as in the label files; a prediction is called like its image. */
const predictionFormat: PredictionFormat = {
  classes: ade20kClasses,
  values: ade20kClasses.map((_, index) => index + 1),
  fileName: (imageName) => `${imageName}.png`,
  imageNames: 'as they were published',
};

/** Reads ADE20K as it is published. */
export const ade20k = {
  ...pairedComponent('ade20k', {
    options: ade20kOptions,
    list: listAde20k,
    meaning: async () => labelMeaning,
  }),
  predictionFormat,
};
