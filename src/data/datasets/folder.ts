/**
 * Reads a dataset in plain folders:
 *
 *     ROOT/classes.json
 *     ROOT/images/SPLIT/NAME.jpg      (or another format: PNG, WebP, TIFF, BMP, GIF, AVIF; also in subfolders)
 *     ROOT/labels/SPLIT/NAME.png      (or another folder: `coarse` to train, `fine` to evaluate)
 */

import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { DataError } from '../../errors/index.js';
import { type ClassList, ignoreIndex, oneClassProblem } from '../classes.js';
import { namingOptions, type PairNaming } from '../files/find-naming.js';
import { listByStem } from '../files/list-files.js';
import { type FileListing, joinSplits, listSplit, type SplitLayout } from '../files/list-split.js';
import { imageExtensions, imageFormatNames } from '../images/image-formats.js';
import { type LabelEncoding, readLabels } from '../images/label-file.js';
import { readLabelHeader } from '../images/label-samples.js';
import { readClassList } from './class-list.js';
import { defineFileDataset } from './file-dataset.js';
import { affixOption, splitNames, splitOption } from './file-options.js';

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
    imagePrefix: affixOption.describe(
      'What image files have before the name that they share with their labels.',
    ),
    imageSuffix: affixOption.describe(
      'What image files have between that name and the extension, as in `NAME_image.jpg`.',
    ),
    labelPrefix: affixOption.describe('What label files have before the name of their image.'),
    labelSuffix: affixOption.describe(
      'What label files have between that name and the extension: `_mask` for `NAME_mask.png`.',
    ),
    unlabeled: z
      .string()
      .min(1)
      .optional()
      .describe(
        'Name of the class that pixels without a label belong to: `background`, for labels that mark objects only. It is ' +
          'added to the classes unless it is one. By default such pixels are ignored.',
      ),
    labelEncoding: z
      .enum(['auto', 'index', 'color'])
      .default('auto')
      .describe(
        'What states the class of a pixel. `auto`: the value in gray and palette PNGs, whose palettes must agree, and the ' +
          'color in RGB PNGs. `index`: the value, also where palettes differ. `color`: the color, also in palette PNGs.',
      ),
    missingLabels: z
      .enum(['stop', 'skip'])
      .default('stop')
      .describe(
        'What to do where an image has no label file: `stop`, or `skip` to leave the image out, as `data.clean` does.',
      ),
    reduceZeroLabel: z
      .boolean()
      .default(false)
      .describe(
        'Takes value 0 of a label file as not labeled and value 1 as the first class, as mmsegmentation does for datasets ' +
          'like ADE20K.',
      ),
  })
  .describe('Images and labels in plain folders, with `classes.json`.');

type FolderOptions = z.output<typeof options>;

/** Lists the extensions of label files. */
export const labelExtensions: ReadonlySet<string> = new Set(['.png']);
const layout = 'a dataset has images/SPLIT and LABELS/SPLIT folders';

async function list(given: FolderOptions): Promise<FileListing> {
  const splits = splitNames(given.split);
  const listings: FileListing[] = [];
  for (const one of splits) {
    const skipUnlabeled = given.missingLabels === 'skip';
    const listing = await listSplit(layoutOf(one, given), { skipUnlabeled });
    // Two splits may use the same name.
    const pairs = listing.pairs.map((pair) => ({ ...pair, name: `${one}/${pair.name}` }));
    listings.push(splits.length === 1 ? listing : { ...listing, pairs });
  }
  return joinSplits(listings);
}

function layoutOf(split: string, given: FolderOptions): SplitLayout {
  const { root, labels } = given;
  const imageFolder = join(root, 'images', split);
  const labelFolder = labels === null ? null : join(root, labels, split);
  const imageNaming = { prefix: given.imagePrefix, suffix: given.imageSuffix };
  const labelNaming = { prefix: given.labelPrefix, suffix: given.labelSuffix };
  // The folder of all splits is not a split of its own with the others in it.
  const common = { layout, subfolders: split !== '.' };
  const images = { ...common, extensions: imageExtensions, naming: imageNaming };
  const labelFiles = { ...common, extensions: labelExtensions, naming: labelNaming };
  const named = (name: string, { prefix, suffix }: typeof imageNaming) =>
    join(dirname(name), `${prefix}${basename(name)}${suffix}`);
  const isPlain = [imageNaming, labelNaming].every(({ prefix, suffix }) => `${prefix}${suffix}` === '');
  const differentNames = (naming: PairNaming): string => {
    const keys = Object.entries(namingOptions(naming)).map(([key, value]) => `data.${key}: ${value}`);
    return `${labelFolder}: label files and images add different things to their common names; set ${keys.join(', ')}`;
  };
  return {
    listImages: (notes) => listByStem(imageFolder, { ...images, notes }),
    listLabels: labelFolder === null ? null : (notes) => listByStem(labelFolder, { ...labelFiles, notes }),
    noImages: `${imageFolder}: split '${split}' holds no image; expected ${imageFormatNames} files`,
    expectedImage: (name) => `${named(name, imageNaming)} in ${imageFolder}`,
    expectedLabels: (name) => join(labelFolder ?? '', `${named(name, labelNaming)}.png`),
    ...(isPlain ? { differentNames } : {}),
  };
}

const paletteRemedy =
  'if the colors are right, list them in classes.json and set data.labelEncoding: color; if the indices are right, set it to index';

/** Throws for a list that cannot be trained on: of one class, and without colors where labels are read by color. */
function rejectUnusable(
  { classes, statedColors = [] }: ClassList,
  {
    path,
    encoding,
    reduceZeroLabel,
  }: { readonly path: string; readonly encoding: LabelEncoding; readonly reduceZeroLabel: boolean },
): void {
  if (classes.length === 1) throw new DataError(`${path}: ${oneClassProblem(classes)}`);
  if (encoding === 'color' && statedColors.every((color) => color === undefined)) {
    throw new DataError(`${path}: gives no class a color, which data.labelEncoding: color needs`);
  }
  if (encoding === 'color' && reduceZeroLabel) {
    throw new DataError(
      `${path}: data.reduceZeroLabel is about values, and data.labelEncoding is color; leave one of them out`,
    );
  }
  if (reduceZeroLabel && classes.length > ignoreIndex - 1) {
    throw new DataError(
      `${path}: lists ${classes.length} classes; with data.reduceZeroLabel, 8 bits hold at most ${ignoreIndex - 1}`,
    );
  }
}

/** Reads datasets in plain folders. */
export const folder = defineFileDataset({
  kind: 'folder',
  options,
  list,
  labelFormat: async ({ root, labels, unlabeled, labelEncoding: encoding, reduceZeroLabel }) => {
    const path = join(root, 'classes.json');
    const classList = await readClassList(path, { unlabeled });
    if (labels !== null) rejectUnusable(classList, { path, encoding, reduceZeroLabel });
    // With zero reduced, the indices of a palette are not those of the class list.
    const meaning = reduceZeroLabel ? null : classList;
    const palettes = encoding === 'auto' ? { classList: meaning, remedy: paletteRemedy } : undefined;
    return {
      classes: classList.classes,
      palettes,
      read: (file) => readLabels(file, classList, { encoding, reduceZeroLabel }),
      readSize: readLabelHeader,
    };
  },
  labelFolder: ({ root, labels, split }) => labels && join(root, labels, split),
});
