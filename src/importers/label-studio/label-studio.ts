/** Imports exports of Label Studio: JSON, JSON_MIN, and the files that it puts into cloud storage. */

import { join, posix } from 'node:path';
import type { Size } from '../../data/index.js';
import { readImageHeader } from '../../data/internal.js';
import { DataError } from '../../errors/index.js';
import type { AnnotatedImage } from '../annotations.js';
import { ImageFinder } from '../image-finder.js';
import type { Importer, ImportSource, OpenedSource, ReadOptions } from '../importer.js';
import { jsonOf } from '../json-file.js';
import { jsonParts, jsonRest } from '../json-list.js';
import { imagesOf, nearestFiles, type Pass, type Report, reportTo, stemOf } from '../reading.js';
import { splitInName, splitOfFolders } from '../split-names.js';
import { isShape, readShapes } from './shapes.js';
import { pathOf, readTask, type Task, type TaskResult } from './tasks.js';

/** Reads exports of Label Studio. */
export const labelStudio: Importer = {
  format: 'label-studio',
  title: 'Label Studio',
  looksFor:
    '.json files with a list of tasks that have "data" and "annotations" (JSON), or their results (JSON_MIN)',
  recognize: async (source) => {
    for (const file of nearestFiles(source, isJson)) {
      const task = await firstTask(join(source.root, file)).catch(() => null);
      if (task !== null) return `tasks in ${file}`;
    }
    return null;
  },
  open: (source, options) => openLabelStudio(source, options),
};

function isJson(file: string): boolean {
  return file.toLowerCase().endsWith('.json');
}

/** Is how much of a file is read to recognize its first task, which may hold masks. */
const lookedAt = 1 << 26;

/** Returns the first task of a file, or null when it holds none. */
async function firstTask(path: string): Promise<Task | null> {
  for await (const part of jsonParts(path, { list: null, limit: lookedAt })) {
    if (part.kind === 'rest' && !part.complete) return null;
    return readTask(jsonOf(part.bytes, path), '');
  }
  return null;
}

async function openLabelStudio(source: ImportSource, options: ReadOptions): Promise<OpenedSource> {
  const files: string[] = [];
  const failures: DataError[] = [];
  for (const file of source.files.filter(isJson)) {
    const task = await firstTask(join(source.root, file)).catch((error: unknown) => {
      if (!(error instanceof DataError)) throw error;
      failures.push(error);
      return null;
    });
    if (task !== null) files.push(file);
  }
  if (files.length === 0) {
    if (failures[0] !== undefined) throw failures[0];
    // A file that is cut off in its first task has none either, and says so itself.
    const [only] = source.files.filter(isJson);
    if (only !== undefined) await jsonRest(join(source.root, only), { list: null });
    throw new DataError(
      `${source.path}: no tasks of Label Studio; expected its export as JSON or JSON_MIN, a list of tasks with "data" and ` +
        '"annotations"',
    );
  }
  const report = reportTo(options.onFinding);
  for (const { message } of failures) {
    report('unreadable-file', 'a file that cannot be read is left out, with its image', message);
  }
  return {
    classes: null,
    count: null,
    images: imagesOf(options, (pass) => readFiles(source, { files, pass })),
  };
}

async function* readFiles(
  source: ImportSource,
  { files, pass }: { readonly files: readonly string[]; readonly pass: Pass },
): AsyncGenerator<AnnotatedImage> {
  const finder = await ImageFinder.create(source, pass);
  for (const file of files) {
    const path = join(source.root, file);
    for await (const { index, value } of tasksOf(path)) {
      const place = index === null ? '' : `[${index}]`;
      const task = readTask(value, place);
      if (task === null) {
        pass.report('no-task', 'an element that is no task is left out', `${file}: ${place}`);
        continue;
      }
      const image = await readImageTask(task, { file, path, place, finder, report: pass.report });
      if (image !== null) yield image;
    }
  }
}

/** Gives the tasks of a list, or the one that a file of cloud storage holds. */
async function* tasksOf(path: string): AsyncGenerator<{ index: number | null; value: unknown }> {
  let isList = false;
  for await (const part of jsonParts(path, { list: null })) {
    if (part.kind === 'element') {
      isList = true;
      yield { index: part.index, value: jsonOf(part.bytes, `${path}: [${part.index}]`) };
    } else {
      const value = jsonOf(part.bytes, path);
      if (!isList && !Array.isArray(value)) yield { index: null, value };
    }
  }
}

async function readImageTask(
  task: Task,
  {
    file,
    path,
    place,
    finder,
    report,
  }: {
    readonly file: string;
    readonly path: string;
    readonly place: string;
    readonly finder: ImageFinder;
    readonly report: Report;
  },
): Promise<AnnotatedImage | null> {
  const at = (inner: string) => `${file}: ${inner}`;
  const [shown] = task.images;
  if (shown === undefined) {
    report('no-image', 'a task that shows no image is left out', at(place));
    return null;
  }
  if (task.images.length > 1) {
    report(
      'several-images',
      `of several images of a task only the first is read`,
      at(`${place}.${shown.key}`),
    );
  }
  if (task.several) {
    report(
      'several-annotations',
      'of several annotations of a task the last that was not cancelled is read',
      at(place),
    );
  }
  if (task.onlyPredictions) {
    report(
      'predictions',
      'predictions are not read, only annotations; the image counts as unlabeled',
      at(place),
    );
  }
  const results = resultsOfFirst(task, { report, at });
  if (results === null) return null;
  const turned = results.find((result) => result.turned !== 0 && isShape(result));
  if (turned !== undefined) {
    report(
      'turned-image',
      'an image that was turned in Label Studio (image_rotation) is left out, as its versions place shapes on it differently; ' +
        'turn it back there and export again',
      `${at(turned.place)}: ${turned.turned}°`,
    );
    return null;
  }
  const found = imageOf(shown.value, { file, place, finder });
  const stated = results.find(({ width, height }) => width !== null && height !== null);
  const size =
    stated === undefined
      ? await sizeOf(found.path, results.length > 0)
      : { width: stated.width as number, height: stated.height as number };
  return {
    ...found,
    size,
    split: splitInName(stemOf(posix.basename(file))) ?? splitOfFolders(file),
    annotations: readShapes(results, {
      size,
      report: (code, message, inner) => report(code, message, at(inner)),
    }),
    source: path,
  };
}

/**
 * Returns the results about the first image of a task, and counts the shapes on its others. Results name the tag that shows an
 * image, which mostly has the name of the data. With other names, one tag alone is taken to show the first image; of several nobody
 * can tell which image they show, and the result is null.
 */
function resultsOfFirst(
  { images: [shown, ...others], results }: Task,
  { report, at }: { readonly report: Report; readonly at: (inner: string) => string },
): readonly TaskResult[] | null {
  if (others.length === 0) return results;
  const tags = new Set(results.filter(isShape).map(({ toName }) => toName));
  const otherKeys = new Set<string | null>(others.map(({ key }) => key));
  const isFirst = ({ toName }: TaskResult): boolean =>
    toName === shown?.key || toName === null || (tags.size === 1 && !otherKeys.has(toName));
  for (const result of results) {
    if (isFirst(result) || !isShape(result)) continue;
    report(
      'other-image-shape',
      'a shape that is not on the first image of its task is left out; export the images as tasks of their own',
      at(`${result.place}: on ${result.toName}`),
    );
  }
  const isUnclear = tags.size > 1 && ![...tags].some((tag) => tag === shown?.key || otherKeys.has(tag));
  return isUnclear ? null : results.filter(isFirst);
}

/** Returns the size of an image whose shapes do not state it. */
async function sizeOf(path: string | null, isNeeded: boolean): Promise<Size | null> {
  if (path === null || !isNeeded) return null;
  try {
    const { width, height } = await readImageHeader(path);
    return { width, height };
  } catch (error) {
    if (error instanceof DataError) return null;
    throw error;
  }
}

/** Label Studio puts eight digits before the name of a file that is uploaded. */
const uploadPrefix = /^[0-9a-f]{8}-(?=.)/;

function imageOf(
  value: string,
  { file, place, finder }: { readonly file: string; readonly place: string; readonly finder: ImageFinder },
): Pick<AnnotatedImage, 'fileName' | 'path' | 'embedded'> {
  const embedded = /^data:image\/([a-z]+)[^,]*;base64,/i.exec(value);
  if (embedded !== null) {
    const number = place.replace(/\D+/g, '');
    const stem = stemOf(posix.basename(file));
    const fileName = `${number === '' ? stem : `${stem}-${number}`}.${embedded[1]}`;
    return { fileName, path: null, embedded: Buffer.from(value.slice(embedded[0].length), 'base64') };
  }
  const name = pathOf(value)
    .replaceAll('\\', '/')
    .replace(/^([a-z]:)?\/+/i, '');
  const base = posix.basename(name);
  const folders = ['images', posix.dirname(name)].map((folder) => posix.join(posix.dirname(file), folder));
  const path = finder.find([base, base.replace(uploadPrefix, '')], { from: file, folders });
  return { fileName: path === null ? base : posix.basename(path), path };
}
