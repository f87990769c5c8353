/** Imports Hasty's JSON (versions 1.0 and 1.1): one file with the classes and the labels of all images. */

import { join, posix } from 'node:path';
import { z } from 'zod';
import { DataError } from '../../errors/index.js';
import type { AnnotatedImage, Annotation, ListedClass, Shape } from '../annotations.js';
import { parseBoxRuns } from '../box-runs.js';
import { ImageFinder } from '../image-finder.js';
import type { Importer, ImportSource, OpenedSource, ReadOptions } from '../importer.js';
import { firstProblem, imageSide, jsonOf, numberFromFile, pointList } from '../json-file.js';
import { jsonElements, jsonParts, jsonRest } from '../json-list.js';
import { imagesOf, nearestFiles, type Pass } from '../reading.js';
import { boxRing } from '../shape-rings.js';
import { splitInName } from '../split-names.js';
import { hexColor } from './colors.js';

const header = z.object({
  label_classes: z.array(
    z.object({ class_name: z.string(), color: z.unknown().optional() }),
    'expected label_classes, a list of classes',
  ),
});
const imageItem = z.object({
  image_name: z.string('expected an image_name'),
  dataset_name: z.string().nullish(),
  width: imageSide,
  height: imageSide,
  labels: z.array(z.unknown(), 'expected a list of labels').default([]),
});

/** Reads Hasty's JSON. */
export const hasty: Importer = {
  format: 'hasty',
  title: 'Hasty',
  looksFor: 'a .json file with "label_classes" and "images"',
  recognize: async (source) => {
    for (const file of nearestFiles(source, isJson)) {
      if (await isHasty(join(source.root, file)).catch(() => false))
        return `label_classes and images in ${file}`;
    }
    return null;
  },
  open: (source, options) => openHasty(source, options),
};

function isJson(file: string): boolean {
  return file.toLowerCase().endsWith('.json');
}

/** Is how much of a file is read to recognize it. */
const lookedAt = 1 << 24;

async function isHasty(path: string): Promise<boolean> {
  for await (const part of jsonParts(path, { list: 'images', limit: lookedAt })) {
    if (part.kind === 'element') return imageItem.safeParse(jsonOf(part.bytes, path)).success;
    return part.complete && header.safeParse(jsonOf(part.bytes, path)).success;
  }
  return false;
}

async function openHasty(source: ImportSource, options: ReadOptions): Promise<OpenedSource> {
  const files: string[] = [];
  const classes = new Map<string, ListedClass>();
  let count = 0;
  for (const file of source.files.filter(isJson)) {
    const path = join(source.root, file);
    if (source.path === source.root && !(await isHasty(path).catch(() => false))) continue;
    const rest = await jsonRest(path, { list: 'images' });
    const parsed = header.safeParse(rest.value);
    if (!parsed.success) throw new DataError(`${path}: ${firstProblem(parsed.error)}; expected Hasty's JSON`);
    files.push(file);
    count += rest.count;
    for (const { class_name: name, color } of parsed.data.label_classes) {
      const own = hexColor(color);
      if (!classes.has(name)) classes.set(name, own === undefined ? { name } : { name, color: own });
    }
  }
  if (files.length === 0) {
    throw new DataError(
      `${source.path}: no .json file with "label_classes" and "images", as Hasty writes them`,
    );
  }
  return {
    classes: [...classes.values()],
    count,
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
    for await (const { index, value } of jsonElements(path, { list: 'images' })) {
      const place = `images[${index}]`;
      const parsed = imageItem.safeParse(value);
      if (!parsed.success) {
        pass.report(
          'no-item',
          'an image that cannot be read is left out',
          `${file}: ${place}: ${firstProblem(parsed.error)}`,
        );
        continue;
      }
      const { image_name: name, dataset_name: dataset, width, height, labels } = parsed.data;
      const folders = typeof dataset === 'string' ? [posix.join(posix.dirname(file), dataset)] : [];
      yield {
        fileName: typeof dataset === 'string' ? `${dataset.replaceAll('/', '-')}/${name}` : name,
        path: finder.find(name, { from: file, folders }),
        size: { width, height },
        split: typeof dataset === 'string' ? splitInName(dataset) : null,
        annotations: labels.flatMap((label, at) =>
          annotationsOf(label, { place: `${place}.labels[${at}]`, file, pass }),
        ),
        source: path,
      };
    }
  }
}

const label = z.object({
  class_name: z.string('expected a class_name'),
  bbox: z.tuple([numberFromFile, numberFromFile, numberFromFile, numberFromFile]).nullish(),
  polygon: pointList.nullish(),
  mask: z.array(z.number(), 'expected a list of run lengths').nullish(),
  z_index: z.number().default(0),
});

function annotationsOf(
  value: unknown,
  { place, file, pass }: { readonly place: string; readonly file: string; readonly pass: Pass },
): Annotation[] {
  const parsed = label.safeParse(value);
  const shape = parsed.success ? shapeOf(parsed.data) : firstProblem(parsed.error);
  if (!parsed.success || typeof shape === 'string') {
    pass.report('unreadable-shape', 'a label that cannot be read is left out', `${file}: ${place}: ${shape}`);
    return [];
  }
  return [{ className: parsed.data.class_name, shape, z: parsed.data.z_index, place }];
}

/** Returns the most exact of what a label states: mask, polygon or box. */
function shapeOf({ bbox, polygon, mask }: z.output<typeof label>): Shape | string {
  if (mask != null && mask.length > 0) {
    if (bbox == null) return 'a mask without the bbox that it fills';
    const [left, top, right, bottom] = bbox;
    const size = { width: right - left, height: bottom - top };
    try {
      return { kind: 'mask', left, top, ...size, mask: parseBoxRuns(mask.join(), size) };
    } catch (error) {
      if (error instanceof RangeError) return error.message;
      throw error;
    }
  }
  if (polygon != null && polygon.length > 0) return { kind: 'polygon', parts: [[polygon]] };
  if (bbox == null) return 'neither a mask, a polygon nor a bbox';
  const [left, top, right, bottom] = bbox;
  return { kind: 'polygon', parts: [[boxRing({ left, top, width: right - left, height: bottom - top })]] };
}
