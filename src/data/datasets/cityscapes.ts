/**
 * Reads Cityscapes in its official layout:
 *
 *     ROOT/leftImg8bit/SPLIT/CITY/NAME_leftImg8bit.png
 *     ROOT/gtFine/SPLIT/CITY/NAME_gtFine_labelIds.png       (or _labelTrainIds.png, or _polygons.json)
 *     ROOT/gtCoarse/SPLIT/CITY/NAME_gtCoarse_labelIds.png   (the same; train, train_extra and val)
 *
 * 19 of the 34 ids are classes, and the others are ignored. Where an image has several label files, the first form in this
 * list is read: all three hold the same labels, and `labelIds` is the form of the downloads.
 */

import { join } from 'node:path';
import { z } from 'zod';
import { listBySuffix } from '../files/list-files.js';
import { type FileListing, joinSplits, listSplit, type SplitLayout } from '../files/list-split.js';
import { idLabelReader } from '../images/id-labels.js';
import type { LabelReader } from '../images/label-file.js';
import { cityscapesClasses, idOfTrainId, trainIdOfId } from './cityscapes/labels.js';
import { readPolygonLabels, readPolygonSize } from './cityscapes/polygon-file.js';
import type { PredictionFormat } from './dataset.js';
import { defineFileDataset, type LabelFormat } from './file-dataset.js';
import { badFilesOption, idPalettes, splitNames, splitOption } from './file-options.js';

/** Lists the splits, and whether each is for training. */
const splits = { train: true, train_extra: true, val: false, test: false } as const;
type Split = keyof typeof splits;

const folders = { fine: 'gtFine', coarse: 'gtCoarse' } as const;

const options = z
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

type CityscapesOptions = z.output<typeof options>;

const layout = 'Cityscapes has leftImg8bit/SPLIT/CITY and gtFine/SPLIT/CITY or gtCoarse/SPLIT/CITY folders';
const imageSuffix = '_leftImg8bit.png';
const labelForms = ['_labelIds.png', '_labelTrainIds.png', '_polygons.json'] as const;

const idReader = idLabelReader({ expected: 'Cityscapes ids, 0 to 33', labels: trainIdOfId });
const trainIdReader = idLabelReader({
  expected: 'Cityscapes train ids, 0 to 18 and 255',
  labels: [...cityscapesClasses.keys()],
});
const polygonReader: LabelReader = { read: readPolygonLabels, readSize: readPolygonSize };

const labelFormat: LabelFormat = {
  classes: cityscapesClasses,
  palettes: idPalettes,
  read: (path) => readerOf(path).read(path),
  readSize: (path) => readerOf(path).readSize(path),
};

/** Returns the reader for the form that a file's name states. */
function readerOf(path: string): LabelReader {
  if (path.endsWith('.json')) return polygonReader;
  return path.endsWith('_labelTrainIds.png') ? trainIdReader : idReader;
}

async function list(given: CityscapesOptions): Promise<FileListing> {
  const listings = (splitNames(given.split) as Split[]).map((split) => {
    const skipBadFiles = given.badFiles === 'auto' ? splits[split] : given.badFiles === 'skip';
    return listSplit(layoutOf(split, given), { skipBadFiles });
  });
  return joinSplits(await Promise.all(listings));
}

function layoutOf(split: Split, { root, labels }: CityscapesOptions): SplitLayout {
  const imageFolder = join(root, 'leftImg8bit', split);
  const kind = labels === null ? '' : folders[labels];
  const labelFolder = labels === null ? null : join(root, kind, split);
  // A name begins with its city, except that NAME stands for any.
  const inCity = (name: string, rest: string) => join(name.split('_')[0] ?? '', `${name}${rest}`);
  const imageName = (name: string) => inCity(name, imageSuffix);
  return {
    listImages: (notes) => listBySuffix(imageFolder, { suffixes: [imageSuffix], layout, notes }),
    listLabels:
      labelFolder === null
        ? null
        : (notes) => {
            const suffixes = labelForms.map((form) => `_${kind}${form}`);
            return listBySuffix(labelFolder, { suffixes, layout, notes });
          },
    noImages: `${imageFolder}: no image; expected ${imageName('NAME')}`,
    expectedImage: (name) => join(imageFolder, imageName(name)),
    expectedLabels: (name) =>
      join(
        labelFolder ?? '',
        `${inCity(name, `_${kind}`)}_labelIds.png (or _labelTrainIds.png, _polygons.json)`,
      ),
  };
}

/** The test server matches a prediction by the three parts with which its image's name begins. */
const predictionFormat: PredictionFormat = {
  classes: cityscapesClasses,
  values: idOfTrainId,
  fileName: (imageName) => (/^[^_]+_\d{6}_\d{6}(_|$)/.test(imageName) ? `${imageName}.png` : null),
  imageNames: 'CITY_SEQUENCE_FRAME, as in berlin_000000_000019_leftImg8bit.png',
};

/** Reads Cityscapes as it is published. */
export const cityscapes = defineFileDataset({
  kind: 'cityscapes',
  options,
  list,
  labelFormat: async () => labelFormat,
  labelFolder: ({ root, labels, split }) => labels && join(root, folders[labels], split),
  predictionFormat,
});
