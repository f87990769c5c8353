/**
 * Imports polygons in the form of Cityscapes: `NAME_gtFine_polygons.json`, `NAME_gtCoarse_polygons.json`, or those that its
 * label tool saved for other images. They are painted in their order, from back to front, as the official scripts do it.
 */

import { stat } from 'node:fs/promises';
import { basename, dirname, join, posix, relative } from 'node:path';
import { cityscapesClasses, ignoreIndex } from '../../data/index.js';
import {
  cityscapesLabelNames,
  isUndrawn,
  type PolygonFile,
  paintPolygon,
  readPolygonFile,
  trainIdOf,
} from '../../data/internal.js';
import { DataError } from '../../errors/index.js';
import type { AnnotatedImage, RasterLabels } from '../annotations.js';
import { ImageFinder } from '../image-finder.js';
import type { Importer, ImportSource, OpenedSource, ReadOptions } from '../importer.js';
import { imagesOf, nearestFiles, type Pass, type Report, unlessDamaged } from '../reading.js';
import { splitOfFolders } from '../split-names.js';

/** Reads polygons in the form of Cityscapes. */
export const cityscapes: Importer = {
  format: 'cityscapes',
  title: 'Cityscapes polygons',
  looksFor:
    'NAME_gtCoarse_polygons.json, NAME_gtFine_polygons.json or other *_polygons.json files with "objects"',
  recognize: async (source) => {
    for (const file of nearestFiles(source, isPolygonFile)) {
      // A damaged file says nothing about the others.
      const content = await readPolygonFile(join(source.root, file)).catch((error: unknown) => {
        if (error instanceof DataError) return null;
        throw error;
      });
      if (content !== null) return `polygons in ${file}`;
    }
    return null;
  },
  open: (source, options) => openCityscapes(source, options),
};

const fileEnd = /_?(gtFine|gtCoarse)?_polygons\.json$/;

function isPolygonFile(file: string): boolean {
  return fileEnd.test(file);
}

async function openCityscapes(source: ImportSource, options: ReadOptions): Promise<OpenedSource> {
  const files = source.files.filter(isPolygonFile);
  const [first] = files;
  if (first === undefined) {
    throw new DataError(`${source.path}: no *_polygons.json, in which Cityscapes has its labels`);
  }
  const kinds = new Set(files.map((file) => fileEnd.exec(file)?.[1] ?? ''));
  if (kinds.has('gtFine') && kinds.has('gtCoarse')) {
    throw new DataError(
      `${source.path}: holds fine and coarse labels of the same images; import gtFine or gtCoarse, with --images and the ` +
        'folder leftImg8bit',
    );
  }
  const images = options.images ?? (await imagesBeside(source.root));
  const isOfficial = await hasOfficialLabels(source.root, files);
  return {
    // Whoever drew other things with the label tool has other classes.
    classes: isOfficial ? cityscapesClasses : null,
    count: files.length,
    images: imagesOf({ ...options, images }, (pass) => readFiles(source, { files, isOfficial, pass })),
  };
}

/** Returns the folder of images that the download has beside gtFine and gtCoarse, where only one of these is imported. */
async function imagesBeside(root: string): Promise<string | null> {
  for (let folder = root; folder !== dirname(folder); folder = dirname(folder)) {
    if (!/^gt(Fine|Coarse)$/.test(basename(folder))) continue;
    const beside = join(dirname(folder), 'leftImg8bit', relative(folder, root));
    const found = await stat(beside).catch(() => null);
    return found?.isDirectory() ? beside : null;
  }
  return null;
}

/** Counts the files that are read to see whose classes they have. */
const mostLookedAt = 6;

/** Returns whether some files, from the first to the last, have no labels but those of Cityscapes. */
async function hasOfficialLabels(root: string, files: readonly string[]): Promise<boolean> {
  const step = Math.max(1, Math.ceil(files.length / mostLookedAt));
  for (let index = 0; index < files.length; index += step) {
    const content = await readPolygonFile(join(root, files[index] as string)).catch(() => null);
    if (content?.objects.some(({ label }) => !isUndrawn(label) && trainIdOf(label) === undefined))
      return false;
  }
  return true;
}

async function* readFiles(
  source: ImportSource,
  {
    files,
    isOfficial,
    pass,
  }: { readonly files: readonly string[]; readonly isOfficial: boolean; readonly pass: Pass },
): AsyncGenerator<AnnotatedImage> {
  const finder = await ImageFinder.create(source, pass);
  for (const file of files) {
    const path = join(source.root, file);
    const content = await unlessDamaged(() => readPolygonFile(path), pass);
    if (content === null) continue;
    const image = imageOf(file, finder);
    const { imgWidth: width, imgHeight: height } = content;
    const raster = paint(content, { file, isOfficial, report: pass.report });
    yield {
      ...image,
      size: { width, height },
      split: splitOfFolders(file),
      annotations: [],
      raster,
      source: path,
    };
  }
}

/** Finds the image of a polygon file: `NAME_leftImg8bit.png` in the same place of leftImg8bit, or an image called NAME. */
function imageOf(file: string, finder: ImageFinder): Pick<AnnotatedImage, 'fileName' | 'path'> {
  const stem = file.replace(fileEnd, '');
  const name = posix.basename(stem);
  // The folders of split and city, also where a folder above them was named.
  const parts = posix.dirname(stem).split('/');
  const inner = parts.map((_, index) => posix.join(...parts.slice(index), name));
  const names = [...inner, name].flatMap((path) => [`${path}_leftImg8bit`, path]);
  const folders = parts.map((_, index) =>
    posix.join(...parts.slice(0, index), 'leftImg8bit', ...parts.slice(index + 1)),
  );
  const path = finder.find(names, { from: file, folders });
  return { path, fileName: path === null ? name : posix.basename(path) };
}

/** Paints the objects of a file; what nobody labeled has the value 255. */
function paint(
  { imgWidth: width, imgHeight: height, objects }: PolygonFile,
  {
    file,
    isOfficial,
    report,
  }: { readonly file: string; readonly isOfficial: boolean; readonly report: Report },
): RasterLabels {
  const values = new Uint8Array(width * height).fill(ignoreIndex);
  const names: (string | null)[] = [];
  const valuesByName = new Map<string, number>();
  const painted = new Map<string, number>();
  for (const [index, { label, polygon, deleted }] of objects.entries()) {
    const place = `${file}: objects[${index}]`;
    if (deleted) {
      report('deleted-shape', 'a deleted object is left out', place);
      continue;
    }
    if (isUndrawn(label)) {
      report('license-plate', 'a license plate is not drawn, as in the official labels', place);
      continue;
    }
    if (polygon.length < 3) {
      report('degenerate-shape', 'a polygon of fewer than 3 points is left out', place);
      continue;
    }
    const { name, isIgnored } = classOf(label, isOfficial);
    if (isIgnored) {
      const message =
        'objects that Cityscapes does not train on (out of roi, static, parking, …) are ignored';
      report('ignored-label', message, `${place}: ${label}`);
    }
    const value = valuesByName.get(name) ?? valuesByName.size;
    if (value === ignoreIndex) {
      throw new DataError(`${file}: has more than ${ignoreIndex} different labels`);
    }
    valuesByName.set(name, value);
    names[value] = isIgnored ? null : name;
    painted.set(name, (painted.get(name) ?? 0) + 1);
    paintPolygon(values, { polygon, value, width, height });
  }
  return { width, height, values, names, unlabeledValue: ignoreIndex, objects: painted };
}

/** Names what is no object in anybody's images. */
const voidLabels: ReadonlySet<string> = new Set([
  'unlabeled',
  'ego vehicle',
  'rectification border',
  'out of roi',
]);

/**
 * Returns the class of a label. A group of objects (`cargroup`) counts as its class, as in the official scripts. In images of
 * other things than streets, a label that Cityscapes does not train on is a class like any other.
 */
function classOf(label: string, isOfficial: boolean): { readonly name: string; readonly isIgnored: boolean } {
  const trainId = trainIdOf(label);
  if (trainId === undefined) return { name: label, isIgnored: false };
  const name = cityscapesLabelNames.includes(label) ? label : label.replace(/group$/, '');
  const isTrained = cityscapesClasses[trainId] !== undefined;
  return { name, isIgnored: isOfficial ? !isTrained : voidLabels.has(name) };
}
