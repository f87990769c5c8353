/** Reads the files of Labelme, versions 2 to 6, and of tools that write its form: a JSON file for each image. */

import { extname, join, posix } from 'node:path';
import { DataError } from '../../errors/index.js';
import type { AnnotatedImage, Annotation, ListedClass } from '../annotations.js';
import { sizeOf } from '../coordinates.js';
import { ImageFinder } from '../image-finder.js';
import type { Importer, ImportSource } from '../importer.js';
import { readBoundedText, readJson } from '../json-file.js';
import { type JsonHead, readJsonHead } from '../json-head.js';
import { imagesOf, type Pass, type Report, stemOf, unlessDamaged } from '../reading.js';
import { splitOfFolders } from '../split-names.js';
import { type LabelmeShape, shapeOf } from './labelme-shapes.js';

/** Counts the JSON files that are looked at to recognize the tool. */
const mostLookedAt = 12;
/** Marks shapes whose pixels nobody should learn from. */
const ignoredLabel = '__ignore__';
const backgroundLabel = '_background_';

/** Reads Labelme's JSON files. */
export const labelme: Importer = {
  format: 'labelme',
  title: 'Labelme',
  looksFor: '.json files with "shapes", one for each image',
  recognize: async (source) => {
    for (const file of jsonFiles(source).slice(0, mostLookedAt)) {
      const head = await readJsonHead(join(source.root, file));
      if (head !== null && isLabelme(head)) return `${file} has "shapes" of Labelme`;
    }
    return null;
  },
  open: async (source, options) => {
    const files = jsonFiles(source);
    if (files.length === 0)
      throw new DataError(`${source.path}: has no .json file, of which Labelme writes one an image`);
    return {
      classes: await listedClasses(source),
      count: files.length,
      images: imagesOf(options, (pass) => readImages(source, { files, pass })),
    };
  },
};

function jsonFiles({ files }: ImportSource): string[] {
  return files.filter((file) => extname(file).toLowerCase() === '.json');
}

function isLabelme({ root, keys, itemKeys }: JsonHead): boolean {
  if (root !== 'object' || !keys.includes('shapes')) return false;
  const shape = itemKeys.get('shapes');
  if (shape !== undefined) return shape.has('label') && shape.has('points');
  return ['imagePath', 'imageData', 'imageHeight'].some((key) => keys.includes(key));
}

/** Reads the list of labels that Labelme is started with, where it lies beside the files. */
async function listedClasses({ root, files }: ImportSource): Promise<readonly ListedClass[] | null> {
  const list = files.find((file) => file === 'labels.txt');
  if (list === undefined) return null;
  const names = (await readBoundedText(join(root, list)))
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((name) => name !== '' && name !== ignoredLabel && name !== backgroundLabel);
  return names.length === 0 ? null : [...new Set(names)].map((name) => ({ name }));
}

async function* readImages(
  source: ImportSource,
  { files, pass }: { readonly files: readonly string[]; readonly pass: Pass },
): AsyncGenerator<AnnotatedImage> {
  const finder = await ImageFinder.create(source, pass);
  for (const file of files) {
    const image = await readImage(source, { file, finder, report: pass.report });
    // Somebody drew in its picture, which must not count as one in which nobody did.
    if (image === null) finder.setAside(await namesIn(join(source.root, file), file), { from: file });
    if (image !== null) yield image;
  }
  // Labelme writes no file for a picture in which nobody drew. One file that a person names is about one picture.
  for (const { path, file } of source.path === source.root ? finder.unused() : []) {
    yield { fileName: file, path, size: null, split: splitOfFolders(file), annotations: [], source: path };
  }
}

async function readImage(
  { root }: ImportSource,
  { file, finder, report }: { readonly file: string; readonly finder: ImageFinder; readonly report: Report },
): Promise<AnnotatedImage | null> {
  const path = join(root, file);
  const content = await contentOf(path, { file, report });
  if (content === null) return null;
  const { imagePath, imageData, imageWidth, imageHeight } = content;
  const stem = posix.basename(stemOf(file));
  const name = typeof imagePath === 'string' && imagePath.trim() !== '' ? imagePath : stem;
  const embedded = typeof imageData === 'string' ? imageData : '';
  let found = finder.find(name, { from: file });
  if (found === null && embedded === '') {
    // Files are renamed more often than the names inside.
    found = finder.find(stem, { from: file });
    if (found !== null && name !== stem) {
      const message = 'an image is not there; the one with the name of its file of annotations is taken';
      report('image-by-file-name', message, `${file}: ${name}`);
    }
  }
  // The picture inside of the file has these labels, and one of the file's name beside it has them too.
  if (found === null && embedded !== '') finder.setAside([stem], { from: file });
  const size = sizeOf(imageWidth, imageHeight);
  if (size === null && (imageWidth ?? imageHeight ?? null) !== null) {
    report('invalid-size', 'a size that no image can have is not read', `${file}: imageWidth, imageHeight`);
  }
  return {
    fileName: name,
    path: found,
    ...(found === null && embedded !== '' && { embedded: Buffer.from(embedded, 'base64') }),
    size,
    split: splitOfFolders(file),
    annotations: annotationsOf(content.shapes, { file, report }),
    source: path,
  };
}

/** Returns the names that the image of a file may have which cannot be read: its own, and one that its text states. */
async function namesIn(path: string, file: string): Promise<string[]> {
  const text = await readBoundedText(path).catch((error: unknown) => {
    if (error instanceof DataError) return '';
    throw error;
  });
  const [, stated] = /"imagePath"\s*:\s*"((?:[^"\\]|\\.)+)"/.exec(text) ?? [];
  const own = posix.basename(stemOf(file));
  return stated === undefined ? [own] : [own, stated.replaceAll('\\\\', '\\')];
}

/** Returns what a file holds, or null after saying why it is left out. */
async function contentOf(
  path: string,
  { file, report }: { readonly file: string; readonly report: Report },
): Promise<Readonly<Record<string, unknown>> | null> {
  const content = await unlessDamaged(() => readJson(path), { report });
  if (content === null) return null;
  if (typeof content === 'object' && 'shapes' in content && Array.isArray(content.shapes))
    return { ...content };
  report(
    'other-file',
    'a .json file without a list of "shapes" is left out, with an image of its name',
    file,
  );
  return null;
}

function annotationsOf(
  shapes: unknown,
  { file, report }: { readonly file: string; readonly report: Report },
): Annotation[] {
  if (!Array.isArray(shapes)) return [];
  return shapes.flatMap((given: unknown, index): Annotation[] => {
    const place = `shapes[${index}]`;
    const tell = (code: string, message: string): void => report(code, message, `${file}: ${place}`);
    const entry: LabelmeShape = typeof given === 'object' && given !== null ? { ...given } : {};
    const label = entry.label;
    const name = typeof label === 'string' || typeof label === 'number' ? String(label).trim() : '';
    if (name === '') {
      tell('unnamed-shape', 'a shape without a label is left out');
      return [];
    }
    const shape = shapeOf(entry, tell);
    if (shape === null) return [];
    if (name === ignoredLabel)
      tell('ignored-shape', `a shape with the label ${ignoredLabel} is ignored (255)`);
    return [{ className: name === ignoredLabel ? null : name, shape, place }];
  });
}
