/** Imports Pascal VOC: label images in `SegmentationClass`, images in `JPEGImages`, splits in `ImageSets/Segmentation`. */

import { join, posix } from 'node:path';
import { hasImageExtension, type LabelSamples, readLabelSamples, shownColor } from '../../data/internal.js';
import { DataError } from '../../errors/index.js';
import type { AnnotatedImage, ListedClass, RasterLabels } from '../annotations.js';
import { ImageFinder } from '../image-finder.js';
import type { Importer, ImportSource, OpenedSource, ReadOptions } from '../importer.js';
import { readBoundedText } from '../json-file.js';
import {
  backgroundMessage,
  imagesOf,
  type Pass,
  type Report,
  reportTo,
  stemOf,
  unlessDamaged,
} from '../reading.js';
import { splitOfWord } from '../split-names.js';
import { firstChannel } from './first-channel.js';
import { alphaOf, withoutTransparent } from './transparent-pixels.js';
import { reportUnreadMask, unreadMasksText } from './unread-mask.js';
import { borderColor, readVocClasses, type VocClasses } from './voc-classes.js';

/** Lists the folders of label images: of the challenge and CVAT, and of Labelme. */
const labelFolders = ['SegmentationClass', 'SegmentationClassPNG'] as const;

/** Reads datasets in the form of Pascal VOC. */
export const pascalVoc: Importer = {
  format: 'voc',
  title: 'Pascal VOC',
  looksFor: 'label images in SegmentationClass, with images in JPEGImages',
  recognize: async ({ files }) => {
    const label = files.find((file) => labelFolderOf(file) !== null);
    return label === undefined ? null : `label images in ${posix.dirname(label)}`;
  },
  open: (source, options) => openVoc(source, options),
};

function labelFolderOf(file: string): string | null {
  return /\.png$/i.test(file) ? wantedFolderOf(file) : null;
}

/** Returns the name of the folder of label images that a file is in, or null. */
function wantedFolderOf(file: string): string | null {
  const folder = posix.basename(posix.dirname(file));
  return labelFolders.find((name) => name === folder) ?? null;
}

/** Holds one dataset of a source: VOCdevkit has one for each year. */
interface VocDataset {
  readonly folder: string;
  /** Maps names to label images. */
  readonly labels: ReadonlyMap<string, string>;
  /** Lists the names that only have a label image that is no PNG. */
  readonly unread: ReadonlySet<string>;
  readonly classes: VocClasses;
  /** Maps names to splits; a name that is in no list has none. */
  readonly splits: ReadonlyMap<string, string | null>;
}

async function openVoc(source: ImportSource, options: ReadOptions): Promise<OpenedSource> {
  const report = reportTo(options.onFinding);
  const files = new Set(source.files);
  const datasets: VocDataset[] = [];
  for (const [folder, labels] of labelsByFolder(source.files)) {
    const classes = await readVocClasses(source.root, { folder, files });
    nameClasses(classes, { folder, report });
    const splits = await readSplits(source, { folder, report });
    const unread = unreadLabels(source.files, { folder, labels });
    for (const label of unread.values()) reportUnreadMask(label, { report });
    datasets.push({ folder, labels, unread: new Set(unread.keys()), classes, splits });
  }
  if (datasets.length === 0) {
    const other = source.files.find((file) => wantedFolderOf(file) !== null && hasImageExtension(file));
    if (other !== undefined) throw new DataError(`${source.path}: ${unreadMasksText(other)}`);
    throw new DataError(
      `${source.path}: no PNG in a folder SegmentationClass, where Pascal VOC has its labels`,
    );
  }
  const listed = new Map<string, ListedClass>();
  for (const { classes } of datasets) {
    for (const [index, { name, color }] of classes.classes.entries()) {
      if (index !== classes.unlabeled && !listed.has(name)) listed.set(name, { name, color });
    }
  }
  return {
    classes: [...listed.values()],
    count: datasets.reduce((sum, dataset) => sum + namesOf(dataset).size, 0),
    images: imagesOf(options, (pass) => readDatasets(source, { datasets, pass })),
  };
}

/** Returns the label images of each dataset by name. Where a dataset has both folders, the first of the list is read. */
function labelsByFolder(files: readonly string[]): Map<string, Map<string, string>> {
  const found = new Map<string, Map<string, string>>();
  for (const wanted of labelFolders) {
    const own = new Map<string, Map<string, string>>();
    for (const file of files) {
      if (labelFolderOf(file) !== wanted) continue;
      const folder = posix.dirname(posix.dirname(file));
      const labels = own.get(folder) ?? new Map<string, string>();
      own.set(folder, labels.set(stemOf(posix.basename(file)), file));
    }
    for (const [folder, labels] of own) if (!found.has(folder)) found.set(folder, labels);
  }
  return found;
}

/** Returns label images of a dataset that are no PNGs, by the names that have no PNG. */
function unreadLabels(
  files: readonly string[],
  { folder, labels }: { readonly folder: string; readonly labels: ReadonlyMap<string, string> },
): Map<string, string> {
  const unread = new Map<string, string>();
  for (const file of files) {
    const isLabel = wantedFolderOf(file) !== null && posix.dirname(posix.dirname(file)) === folder;
    const name = stemOf(posix.basename(file));
    if (isLabel && hasImageExtension(file) && !labels.has(name)) unread.set(name, file);
  }
  return unread;
}

function nameClasses(
  { classes, file, unlabeled }: VocClasses,
  { folder, report }: { readonly folder: string; readonly report: Report },
): void {
  if (file === null) {
    report(
      'assumed-classes',
      'no labelmap.txt or class_names.txt is there, so the 21 classes of the challenge are assumed',
      folder,
    );
  }
  const background = unlabeled === null ? undefined : classes[unlabeled];
  if (background !== undefined) report('background', backgroundMessage, `${file}: ${background.name}`);
}

/** Reads the lists of names in ImageSets/Segmentation: `train.txt` and `val.txt`; `trainval.txt` says nothing more. */
async function readSplits(
  { root, files }: ImportSource,
  { folder, report }: { readonly folder: string; readonly report: Report },
): Promise<Map<string, string | null>> {
  const splits = new Map<string, string | null>();
  const lists = files.filter((file) => {
    const inner = folder === '.' ? file : file.slice(folder.length + 1);
    return (
      file.endsWith('.txt') &&
      posix.join(folder, inner) === file &&
      /^ImageSets\/Segmentation\/[^/]+$/.test(inner)
    );
  });
  const nameOf = (list: string) => stemOf(posix.basename(list));
  // Lists without the name of a split come last: what they name may have a split already.
  const sorted = [...lists].sort(
    (a, b) => Number(splitOfWord(nameOf(a)) === null) - Number(splitOfWord(nameOf(b)) === null),
  );
  for (const list of sorted) {
    const split = splitOfWord(nameOf(list));
    for (const line of (await readBoundedText(join(root, list))).split(/\r\n|\r|\n/)) {
      const name = line.trim();
      if (name === '') continue;
      const before = splits.get(name);
      if (before === undefined) splits.set(name, split);
      else if (split !== null && before !== split) {
        report(
          'repeated-split',
          'images that are listed in two splits stay in the first',
          `${list}: ${name}`,
        );
      }
    }
  }
  return splits;
}

/** Returns the names of the images: those with a label image, and those that a list of a split names. */
function namesOf({ labels, splits, unread }: VocDataset): ReadonlySet<string> {
  return new Set([...labels.keys(), ...splits.keys()].filter((name) => !unread.has(name)));
}

async function* readDatasets(
  source: ImportSource,
  { datasets, pass }: { readonly datasets: readonly VocDataset[]; readonly pass: Pass },
): AsyncGenerator<AnnotatedImage> {
  const finder = await ImageFinder.create(source, pass);
  for (const dataset of datasets) {
    for (const name of namesOf(dataset)) {
      const read = await unlessDamaged(
        () => readSample(name, { root: source.root, dataset, finder, pass }),
        pass,
      );
      if (read !== null) yield read;
    }
  }
}

async function readSample(
  name: string,
  {
    root,
    dataset,
    finder,
    pass,
  }: {
    readonly root: string;
    readonly dataset: VocDataset;
    readonly finder: ImageFinder;
    readonly pass: Pass;
  },
): Promise<AnnotatedImage> {
  const { folder, labels, splits, classes } = dataset;
  // Looked for from the folder of the dataset, where no label image lies.
  const path = finder.find(name, {
    from: posix.join(folder, 'ImageSets'),
    folders: [posix.join(folder, 'JPEGImages')],
  });
  const label = labels.get(name);
  const given = {
    fileName: path === null ? name : posix.basename(path),
    path,
    split: splits.get(name) ?? null,
    annotations: [],
  };
  if (label === undefined) return { ...given, size: null, source: join(root, folder, 'ImageSets', name) };
  const stored = await readLabelSamples(join(root, label));
  const drawn = rasterOf(stored, { classes, label, report: pass.report });
  const raster = withoutTransparent(drawn, { stored, source: label, report: pass.report });
  const { width, height } = raster;
  return { ...given, size: { width, height }, raster, source: join(root, label) };
}

/** Is the value of pixels that count as the border of objects. */
const border = 255;

function rasterOf(
  stored: LabelSamples,
  {
    classes: listed,
    label,
    report,
  }: { readonly classes: VocClasses; readonly label: string; readonly report: Report },
): RasterLabels {
  const { width, height } = stored.header;
  const { classes, byColor, unlabeled } = listed;
  const names: (string | null | undefined)[] = Array.from(
    { length: 256 },
    // What is not labeled has no class.
    (_, value) => (value === unlabeled ? undefined : classes[value]?.name),
  );
  names[border] = null;
  const pixels = width * height;
  const values =
    stored.inColor || (byColor && stored.palette !== null)
      ? valuesOfColors(stored, { listed, pixels, label, report })
      : firstChannel(stored.samples, { channels: stored.channels, pixels });
  return { width, height, values, names, ...(unlabeled === null ? {} : { unlabeledValue: unlabeled }) };
}

/** Returns the value of the class that the color of each pixel stands for, and that of the border for other colors. */
function valuesOfColors(
  stored: LabelSamples,
  {
    listed,
    pixels,
    label,
    report,
  }: {
    readonly listed: VocClasses;
    readonly pixels: number;
    readonly label: string;
    readonly report: Report;
  },
): Uint8Array {
  const meanings = new Map(listed.classes.map(({ color }, value) => [keyOf(color), value]));
  if (!meanings.has(keyOf(borderColor))) meanings.set(keyOf(borderColor), border);
  const { samples, channels, inColor } = stored;
  const unknown = new Set<string>();
  const values = new Uint8Array(pixels);
  const known = new Map<number, number>();
  const alpha = alphaOf(stored);
  for (let pixel = 0; pixel < pixels; pixel++) {
    if (alpha?.at(pixel) === 0) continue;
    const at = pixel * channels;
    const key = inColor ? keyOf(samples.subarray(at, at + 3)) : (samples[at] as number);
    let value = known.get(key);
    if (value === undefined) {
      const color = inColor ? samples.subarray(at, at + 3) : shownColor(stored, key);
      value = meanings.get(keyOf(color));
      if (value === undefined) {
        unknown.add([...color].join(','));
        value = border;
      }
      known.set(key, value);
    }
    values[pixel] = value;
  }
  for (const color of unknown) {
    report('unknown-color', 'a color that no class has; its pixels are ignored', `${label}: ${color}`);
  }
  return values;
}

function keyOf([red = 0, green = 0, blue = 0]: ArrayLike<number> & Iterable<number>): number {
  return (red << 16) | (green << 8) | blue;
}
