/**
 * Reads the files of COCO's form, as COCO itself, CVAT, Roboflow and many others write it: images, classes and annotations in one
 * JSON file for each split.
 */

import { closeSync, openSync } from 'node:fs';
import { extname, join, posix } from 'node:path';
import { DataError } from '../../errors/index.js';
import { isSystemError, systemErrorReason } from '../../files/index.js';
import type { AnnotatedImage, Annotation, ListedClass } from '../annotations.js';
import { ImageFinder } from '../image-finder.js';
import type { Importer, ImportSource } from '../importer.js';
import { type JsonHead, readJsonHead } from '../json-head.js';
import { imagesOf, type Pass, type Report, reportTo, reportUnused, stemOf } from '../reading.js';
import { splitInName, splitOfFolders } from '../split-names.js';
import { type CocoImage, type CocoIndex, indexCoco, keyOf } from './coco-index.js';
import { shapesOf } from './coco-shapes.js';

/** Reads JSON files of COCO's form. */
export const coco: Importer = {
  format: 'coco',
  title: 'COCO',
  looksFor: '.json files with "images" and "annotations" that name them by "image_id"',
  recognize: async (source) => {
    for await (const file of cocoFiles(source, { among: mostLookedAt })) {
      return `${file} has "images" and "annotations" of COCO`;
    }
    return null;
  },
  open: async (source, options) => {
    const report = reportTo(options.onFinding);
    const files = await openFiles(source, report);
    const classes = new Map<string, ListedClass>();
    for (const { index } of files) {
      for (const listed of index.categories.values()) {
        if (!classes.has(listed.name)) classes.set(listed.name, listed);
      }
    }
    const images = grouped(files, report);
    return {
      classes: [...classes.values()],
      count: images.length,
      images: imagesOf(options, (pass) => readImages(source, { files, images, pass })),
    };
  },
};

/** Is a file of the source with its index. */
interface CocoFile {
  /** Is its path relative to the source. */
  readonly file: string;
  readonly split: string | null;
  readonly index: CocoIndex;
}

/** Is an image with the files that have annotations of it. */
interface GroupedImage {
  readonly name: string;
  readonly entries: readonly { readonly of: CocoFile; readonly image: CocoImage }[];
}

/** Counts JSON files that are looked at, as a folder of another tool can hold one for each of many thousand images. */
const mostLookedAt = 40;

/** Gives the files of COCO's form among the first JSON files of a source. */
async function* cocoFiles(
  { root, files }: ImportSource,
  { among }: { readonly among: number },
): AsyncGenerator<string> {
  const candidates = files.filter((file) => extname(file).toLowerCase() === '.json');
  for (const file of candidates.slice(0, among)) {
    const head = await readJsonHead(join(root, file));
    if (head !== null && isCoco(head)) yield file;
  }
}

function isCoco({ root, keys, itemKeys }: JsonHead): boolean {
  if (root !== 'object') return false;
  const image = itemKeys.get('images');
  if (image?.has('file_name') && image.has('id')) return true;
  const annotation = itemKeys.get('annotations');
  if (annotation?.has('image_id')) return true;
  return ['images', 'annotations', 'categories'].every((key) => keys.includes(key));
}

async function openFiles(source: ImportSource, report: Report): Promise<CocoFile[]> {
  const files: CocoFile[] = [];
  let panoptic: string | null = null;
  for await (const file of cocoFiles(source, { among: source.files.length })) {
    const index = await indexCoco(join(source.root, file), { report });
    if (typeof index !== 'string') {
      files.push({ file, split: splitInName(posix.basename(file)) ?? splitOfFolders(file), index });
      continue;
    }
    if (index === 'panoptic') panoptic ??= file;
    report('other-file', `a file of ${index === 'panoptic' ? 'panoptic segments' : index} is left out`, file);
  }
  if (files.length > 0) return files;
  if (panoptic !== null) {
    throw new DataError(
      `${join(source.root, panoptic)}: panoptic annotations are not read; import the file of instances, or their segmentation PNGs with --format masks`,
    );
  }
  throw new DataError(
    `${source.path}: has no file of COCO's form: a .json file with "images", "annotations" and "categories"`,
  );
}

/** Joins what several files of one folder and split say about an image, such as things in one and stuff in another. */
function grouped(files: readonly CocoFile[], report: Report): GroupedImage[] {
  const groups = new Map<string, { name: string; entries: { of: CocoFile; image: CocoImage }[] }>();
  for (const of of files) {
    let shared = false;
    for (const image of of.index.images) {
      const key = JSON.stringify([posix.dirname(of.file), of.split, image.fileName.normalize('NFC')]);
      const group = groups.get(key);
      if (group === undefined) groups.set(key, { name: image.fileName, entries: [{ of, image }] });
      else {
        shared ||= group.entries[0]?.of !== of;
        group.entries.push({ of, image });
      }
    }
    if (shared) {
      report('joined-files', 'annotations of an image in several files are drawn together', of.file);
    }
  }
  return [...groups.values()];
}

interface Reading {
  readonly files: readonly CocoFile[];
  readonly images: readonly GroupedImage[];
  readonly pass: Pass;
}

async function* readImages(
  source: ImportSource,
  { files, images, pass }: Reading,
): AsyncGenerator<AnnotatedImage> {
  const finder = await ImageFinder.create(source, pass);
  const handles = new Map<CocoFile, number>();
  try {
    for (const of of files) handles.set(of, opened(of.index.path));
    for (const { name, entries } of images) {
      const [first] = entries;
      if (first === undefined) continue;
      const annotations: Annotation[] = [];
      for (const { of, image } of entries) {
        const handle = handles.get(of);
        if (handle === undefined) continue;
        const read = annotationsOf(image, { of, handle, report: pass.report });
        const prefix = of === first.of ? '' : `${of.file}: `;
        annotations.push(...read.map((one) => ({ ...one, place: `${prefix}${one.place}` })));
      }
      yield {
        fileName: name,
        path: finder.find(name, { from: first.of.file, folders: imageFolders(first.of) }),
        size: entries.find(({ image }) => image.size !== null)?.image.size ?? null,
        split: first.of.split ?? splitOfFolders(name.replaceAll('\\', '/')),
        annotations,
        source: first.of.index.path,
      };
    }
    reportUnused(finder, pass);
  } finally {
    for (const handle of handles.values()) closeSync(handle);
  }
}

function opened(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (cause) {
    const reason = isSystemError(cause) ? systemErrorReason(cause) : String(cause);
    throw new DataError(`${path}: cannot be read again (${reason})`, { cause });
  }
}

/** Lists where tools put the images of `annotations/instances_train2017.json`: `train2017`, `images/train`, `data`, … */
function imageFolders({ file, split }: CocoFile): string[] {
  const here = posix.dirname(file);
  const stem = posix.basename(stemOf(file));
  const subset = stem.includes('_') ? stem.slice(stem.lastIndexOf('_') + 1) : stem;
  const names = [subset, ...(split === null ? [] : [split])].filter((name) => name !== '');
  const inner = [...names.map((name) => `images/${name}`), ...names, 'images', 'data'];
  return [here, posix.join(here, '..')]
    .flatMap((base) => inner.map((folder) => posix.join(base, folder)))
    .filter((folder) => !folder.startsWith('..'));
}

function annotationsOf(
  image: CocoImage,
  { of, handle, report }: { readonly of: CocoFile; readonly handle: number; readonly report: Report },
): Annotation[] {
  return of.index.read(image, handle).flatMap(({ index, content }): Annotation[] => {
    const place = `annotations[${index}]`;
    let isNamed = false;
    const tell = (code: string, message: string): void => {
      isNamed = true;
      report(code, message, `${of.file}: ${place}`);
    };
    const key = keyOf(content.category_id);
    const listed = key === null ? undefined : of.index.categories.get(key);
    if (listed === undefined) {
      tell('unknown-class', 'an annotation of no listed category is left out');
      return [];
    }
    const shapes = shapesOf(content, { image: image.size, tell });
    if (shapes.length === 0 && !isNamed)
      tell('empty-shape', 'an annotation that outlines nothing is left out');
    // A crowd is many objects in one outline, with what lies between them.
    const isIgnored = Boolean(content.iscrowd) || Boolean(content.ignore);
    if (isIgnored && shapes.length > 0) {
      tell('ignored-shape', 'an annotation that is marked as a crowd, or to be ignored, is ignored (255)');
    }
    return shapes.map((shape) => ({ className: isIgnored ? null : listed.name, shape, place }));
  });
}
