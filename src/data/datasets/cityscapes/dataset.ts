/**
 * Cityscapes in its official layout:
 *
 *     ROOT/leftImg8bit/SPLIT/CITY/NAME_leftImg8bit.png
 *     ROOT/gtFine/SPLIT/CITY/NAME_gtFine_labelIds.png       (or _labelTrainIds.png, or _polygons.json)
 *     ROOT/gtCoarse/SPLIT/CITY/NAME_gtCoarse_labelIds.png   (the same; train, train_extra and val)
 *
 * 19 of the 34 ids are classes, the rest is ignored. Where several label files are there, the first form in this list is
 * read: `labelIds` is what the downloads hold, and all three say the same.
 */

import { join } from 'node:path';
import { z } from 'zod';
import { badFilesOption } from '../../files/bad-files.js';
import type { FileListing, LabelMeaning, LabelReader } from '../../files/file-listing.js';
import { listBySuffix } from '../../files/list-files.js';
import { splitNames, splitOption } from '../../files/splits.js';
import { idLabelReader } from '../../images/id-labels.js';
import type { PredictionFormat } from '../dataset.js';
import { pairedComponent } from '../paired-dataset.js';
import { joinSplits, listPublicSplit, type PublicSplit } from '../public-split.js';
import { cityscapesClasses, idOfTrainId, trainIdOfId } from './labels.js';
import { readPolygonLabels, readPolygonSize } from './polygon-file.js';

/** The splits that exist, and whether they are for training. */
const splits = { train: true, train_extra: true, val: false, test: false } as const;
type Split = keyof typeof splits;

const folders = { fine: 'gtFine', coarse: 'gtCoarse' } as const;

export const cityscapesOptions = z
  .strictObject({
    root: z.string().min(1).describe('Folder with `leftImg8bit` and `gtFine` or `gtCoarse`.'),
    split: splitOption(Object.keys(splits))
      .default('train')
      .describe(
        '`train`, `train_extra` (the 20 000 images of the coarse extension), `val` or `test`, or ' +
          'several joined by `+`.',
      ),
    labels: z
      .enum(['fine', 'coarse'])
      .nullable()
      .default('fine')
      .describe('Fine or coarse labels. `null` reads images only.'),
    badFiles: badFilesOption,
  })
  .describe('Cityscapes in its official layout; 19 of the 34 ids are classes.')
  .refine(({ split, labels }) => labels !== 'fine' || !splitNames(split).includes('train_extra'), {
    path: ['labels'],
    error: 'train_extra has coarse labels only; set labels: coarse',
  });

/** Options of the kind `cityscapes`. */
export type CityscapesOptions = z.output<typeof cityscapesOptions>;

const layout = 'Cityscapes has leftImg8bit/SPLIT/CITY and gtFine/SPLIT/CITY or gtCoarse/SPLIT/CITY folders';
const imageSuffix = '_leftImg8bit.png';
const labelForms = ['_labelIds.png', '_labelTrainIds.png', '_polygons.json'] as const;

const idReader = idLabelReader({ expected: 'Cityscapes ids, 0 to 33', labels: trainIdOfId });
const trainIdReader = idLabelReader({
  expected: 'Cityscapes train ids, 0 to 18 and 255',
  labels: [...cityscapesClasses.keys()],
});
const polygonReader: LabelReader = { read: readPolygonLabels, readSize: readPolygonSize };

/** By the form that the file's name says. */
const labelReader: LabelReader = {
  read: (path) => readerOf(path).read(path),
  readSize: (path) => readerOf(path).readSize(path),
};

function readerOf(path: string): LabelReader {
  if (path.endsWith('.json')) return polygonReader;
  return path.endsWith('_labelTrainIds.png') ? trainIdReader : idReader;
}

const labelMeaning: LabelMeaning = { classes: cityscapesClasses, labelReader };

async function listCityscapes(options: CityscapesOptions): Promise<FileListing> {
  const names = splitNames(options.split) as Split[];
  const found = names.map((split) => {
    const skip = options.badFiles === 'auto' ? splits[split] : options.badFiles === 'skip';
    return listPublicSplit(filesOf(split, options), { skip });
  });
  const { root, labels, split } = options;
  const labelFolder = labels === null ? null : join(root, folders[labels], split);
  return { ...labelMeaning, labelFolder, ...joinSplits(await Promise.all(found)) };
}

function filesOf(split: Split, { root, labels }: CityscapesOptions): PublicSplit {
  const imageFolder = join(root, 'leftImg8bit', split);
  const labelKind = labels === null ? '' : folders[labels];
  // A name begins with its city, except that NAME stands for any.
  const inCity = (name: string, rest: string) => join(name.split('_')[0] ?? '', `${name}${rest}`);
  return {
    imageFolder,
    labelFolder: labels === null ? null : join(root, labelKind, split),
    listImages: (notes) => listBySuffix(imageFolder, { suffixes: [imageSuffix], ...notes, layout }),
    listLabels: (notes, labelFolder) => {
      const suffixes = labelForms.map((form) => `_${labelKind}${form}`);
      return listBySuffix(labelFolder, { suffixes, ...notes, layout });
    },
    imageName: (name) => inCity(name, imageSuffix),
    labelName: (name) =>
      `${inCity(name, `_${labelKind}`)}_labelIds.png (or _labelTrainIds.png, _polygons.json)`,
  };
}

/** The server finds a prediction by the three parts of the image's name that it begins with. */
const predictionFormat: PredictionFormat = {
  classes: cityscapesClasses,
  values: idOfTrainId,
  fileName: (imageName) => (/^[^_]+_\d{6}_\d{6}(_|$)/.test(imageName) ? `${imageName}.png` : null),
  imageNames: 'CITY_SEQUENCE_FRAME, as in berlin_000000_000019_leftImg8bit.png',
};

/** Reads Cityscapes as it is published. */
export const cityscapes = {
  ...pairedComponent('cityscapes', {
    options: cityscapesOptions,
    list: listCityscapes,
    meaning: async () => labelMeaning,
  }),
  predictionFormat,
};
