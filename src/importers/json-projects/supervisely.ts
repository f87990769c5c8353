/** Imports projects of Supervisely: `meta.json` with the classes, and `DATASET/ann/IMAGE.json` beside `DATASET/img/IMAGE`. */

import { join, posix } from 'node:path';
import { z } from 'zod';
import { DataError } from '../../errors/index.js';
import type { AnnotatedImage, Annotation, ListedClass } from '../annotations.js';
import { ImageFinder } from '../image-finder.js';
import type { Importer, ImportSource, OpenedSource, ReadOptions } from '../importer.js';
import { firstProblem, imageSide, readJson } from '../json-file.js';
import { imagesOf, isBackgroundName, type Pass, reportTo, stemOf, unlessDamaged } from '../reading.js';
import { splitOfFolders } from '../split-names.js';
import { hexColor } from './colors.js';
import { readFigure } from './supervisely-figures.js';

const meta = z.object({
  classes: z.array(
    z.object({ title: z.string('expected the title of a class'), color: z.unknown().optional() }),
    'expected a list of classes',
  ),
});

/** Reads projects of Supervisely. */
export const supervisely: Importer = {
  format: 'supervisely',
  title: 'Supervisely',
  looksFor: 'meta.json with "classes", and .json files in folders called ann',
  recognize: async ({ root, files }) => {
    const list = files.find(isMeta);
    if (list === undefined || !files.some(isAnnotationFile)) return null;
    const parsed = meta.safeParse(await readJson(join(root, list)));
    return parsed.success
      ? `${list} and files in ${posix.dirname(files.find(isAnnotationFile) ?? '')}`
      : null;
  },
  open: (source, options) => openSupervisely(source, options),
};

function isMeta(file: string): boolean {
  return posix.basename(file) === 'meta.json';
}

function isAnnotationFile(file: string): boolean {
  return file.endsWith('.json') && posix.basename(posix.dirname(file)) === 'ann';
}

async function openSupervisely(source: ImportSource, options: ReadOptions): Promise<OpenedSource> {
  const files = source.files.filter(isAnnotationFile);
  const list = source.files.find(isMeta);
  if (list === undefined || files.length === 0) {
    throw new DataError(
      `${source.path}: expected meta.json and folders ann with a .json file for each image; download the project with both`,
    );
  }
  const path = join(source.root, list);
  const parsed = meta.safeParse(await readJson(path));
  if (!parsed.success) throw new DataError(`${path}: ${firstProblem(parsed.error)}`);
  const classes = parsed.data.classes.map(({ title, color }): ListedClass => {
    const own = hexColor(color);
    return own === undefined ? { name: title } : { name: title, color: own };
  });
  const background = classes.find(({ name }) => isBackgroundName(name));
  if (background !== undefined) {
    reportTo(options.onFinding)(
      'background',
      'a class that is called background is imported as a class, as a person drew it',
      `${list}: ${background.name}`,
    );
  }
  return {
    classes,
    count: files.length,
    images: imagesOf(options, (pass) => readFiles(source, { files, pass })),
  };
}

const annotationFile = z.object({
  size: z.object({ width: imageSide, height: imageSide }, 'expected size with width and height'),
  objects: z.array(z.unknown(), 'expected a list of objects'),
});
const figureHead = z.object({ classTitle: z.string(), geometryType: z.string().default('') });

async function* readFiles(
  source: ImportSource,
  { files, pass }: { readonly files: readonly string[]; readonly pass: Pass },
): AsyncGenerator<AnnotatedImage> {
  const finder = await ImageFinder.create(source, pass);
  for (const file of files) {
    const path = join(source.root, file);
    const content = await unlessDamaged(async () => {
      const parsed = annotationFile.safeParse(await readJson(path));
      if (parsed.success) return parsed.data;
      throw new DataError(`${path}: ${firstProblem(parsed.error)}; expected an annotation of Supervisely`);
    }, pass);
    if (content === null) continue;
    // Early versions leave the extension of the image out.
    const name = stemOf(posix.basename(file));
    const dataset = posix.dirname(posix.dirname(file));
    const found = finder.find(name, { from: file, folders: [posix.join(dataset, 'img')] });
    yield {
      fileName: found === null ? name : posix.basename(found),
      path: found,
      size: content.size,
      split: splitOfFolders(file),
      annotations: content.objects.flatMap((object, index) =>
        annotationsOf(object, { place: `objects[${index}]`, file, pass }),
      ),
      source: path,
    };
  }
}

function annotationsOf(
  object: unknown,
  { place, file, pass }: { readonly place: string; readonly file: string; readonly pass: Pass },
): Annotation[] {
  const at = `${file}: ${place}`;
  const head = figureHead.safeParse(object);
  if (!head.success) {
    pass.report(
      'unreadable-shape',
      'an object that cannot be read is left out',
      `${at}: ${firstProblem(head.error)}`,
    );
    return [];
  }
  const { classTitle, geometryType } = head.data;
  const shape = readFigure(object, { type: geometryType, place: at });
  if (typeof shape !== 'string') return [{ className: classTitle, shape, place }];
  pass.report('unreadable-shape', 'an object that cannot be read is left out', `${at}: ${shape}`);
  return [];
}
