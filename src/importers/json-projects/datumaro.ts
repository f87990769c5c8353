/** Imports Datumaro's JSON: `annotations/SUBSET.json` with categories and items, and images in `images`. */

import { join, posix } from 'node:path';
import { z } from 'zod';
import { DataError } from '../../errors/index.js';
import type { AnnotatedImage, Annotation, ListedClass } from '../annotations.js';
import { ImageFinder } from '../image-finder.js';
import type { Importer, ImportSource, OpenedSource, ReadOptions } from '../importer.js';
import { firstProblem, imageSide, jsonOf } from '../json-file.js';
import { jsonElements, jsonParts, jsonRest } from '../json-list.js';
import { imagesOf, nearestFiles, type Pass, stemOf } from '../reading.js';
import { splitOfWord } from '../split-names.js';
import { readDatumaroShape } from './datumaro-shapes.js';

const header = z.object({
  categories: z.object(
    {
      label: z.object(
        { labels: z.array(z.object({ name: z.string() })) },
        'expected categories.label.labels',
      ),
    },
    'expected categories',
  ),
});
const item = z.object({
  id: z.string('expected an id'),
  annotations: z.array(z.unknown(), 'expected a list of annotations'),
  image: z
    .object({
      path: z.string().optional(),
      // Height and width, in this order.
      size: z.tuple([imageSide, imageSide]).optional().catch(undefined),
    })
    .optional()
    .catch(undefined),
});

/** Reads Datumaro's JSON. */
export const datumaro: Importer = {
  format: 'datumaro',
  title: 'Datumaro',
  looksFor: '.json files with "categories" and "items"',
  recognize: async (source) => {
    for (const file of nearestFiles(source, isJson)) {
      if (await isDatumaro(join(source.root, file)).catch(() => false))
        return `categories and items in ${file}`;
    }
    return null;
  },
  open: (source, options) => openDatumaro(source, options),
};

function isJson(file: string): boolean {
  return file.toLowerCase().endsWith('.json');
}

/** Is how much of a file is read to recognize its first item. */
const lookedAt = 1 << 24;

async function isDatumaro(path: string): Promise<boolean> {
  for await (const part of jsonParts(path, { list: 'items', limit: lookedAt })) {
    if (part.kind === 'element') return item.safeParse(jsonOf(part.bytes, path)).success;
    return (
      part.complete &&
      /"items"\s*:\s*\[/.test(Buffer.from(part.bytes).toString()) &&
      header.safeParse(jsonOf(part.bytes, path)).success
    );
  }
  return false;
}

/** Holds a file with the names of its labels, whose numbers are their places in the list. */
interface Subset {
  readonly file: string;
  readonly labels: readonly string[];
}

async function openDatumaro(source: ImportSource, options: ReadOptions): Promise<OpenedSource> {
  const subsets: Subset[] = [];
  let count = 0;
  for (const file of source.files.filter(isJson)) {
    const path = join(source.root, file);
    if (source.path === source.root && !(await isDatumaro(path).catch(() => false))) continue;
    const rest = await jsonRest(path, { list: 'items' });
    const parsed = header.safeParse(rest.value);
    if (!parsed.success)
      throw new DataError(`${path}: ${firstProblem(parsed.error)}; expected Datumaro's JSON`);
    subsets.push({ file, labels: parsed.data.categories.label.labels.map(({ name }) => name) });
    count += rest.count;
  }
  if (subsets.length === 0) {
    throw new DataError(
      `${source.path}: no .json file with "categories" and "items", as Datumaro writes them`,
    );
  }
  const names = new Set(subsets.flatMap(({ labels }) => labels));
  return {
    classes: [...names].map((name): ListedClass => ({ name })),
    count,
    images: imagesOf(options, (pass) => readSubsets(source, { subsets, pass })),
  };
}

async function* readSubsets(
  source: ImportSource,
  { subsets, pass }: { readonly subsets: readonly Subset[]; readonly pass: Pass },
): AsyncGenerator<AnnotatedImage> {
  const finder = await ImageFinder.create(source, pass);
  for (const { file, labels } of subsets) {
    const path = join(source.root, file);
    const subset = stemOf(posix.basename(file));
    const above = posix.dirname(posix.dirname(file));
    const folders = [posix.join(above, 'images', subset), posix.join(above, 'images')];
    for await (const { index, value } of jsonElements(path, { list: 'items' })) {
      const place = `items[${index}]`;
      const parsed = item.safeParse(value);
      if (!parsed.success) {
        pass.report(
          'no-item',
          'an item that cannot be read is left out',
          `${file}: ${place}: ${firstProblem(parsed.error)}`,
        );
        continue;
      }
      const { id, image, annotations } = parsed.data;
      const names = [image?.path ?? '', id].filter((name) => name !== '');
      const found = finder.find(names, { from: file, folders });
      const size = image?.size === undefined ? null : { width: image.size[1], height: image.size[0] };
      yield {
        fileName: image?.path || id,
        path: found,
        size,
        split: splitOfWord(subset),
        annotations: annotations.flatMap((annotation, at) =>
          annotationsOf(annotation, { place: `${place}.annotations[${at}]`, file, labels, pass }),
        ),
        source: path,
      };
    }
  }
}

/** Is what annotations have as attributes that come from COCO and are of many objects. */
const crowd = z.object({ is_crowd: z.union([z.literal(true), z.literal(1)]) });

const annotationHead = z.object({
  type: z.string('expected a type'),
  label_id: z.int().nullish(),
  z_order: z.number().default(0),
  attributes: z.unknown().optional(),
});

function annotationsOf(
  annotation: unknown,
  {
    place,
    file,
    labels,
    pass,
  }: {
    readonly place: string;
    readonly file: string;
    readonly labels: readonly string[];
    readonly pass: Pass;
  },
): Annotation[] {
  const at = `${file}: ${place}`;
  const invalid = (problem: string): [] => {
    pass.report('unreadable-shape', 'an annotation that cannot be read is left out', `${at}: ${problem}`);
    return [];
  };
  const head = annotationHead.safeParse(annotation);
  if (!head.success) return invalid(firstProblem(head.error));
  const { type, label_id: label, z_order: z, attributes } = head.data;
  if (type === 'label' || type === 'caption') {
    pass.report(
      'other-result',
      `annotations of the type ${type} say nothing about pixels and are left out`,
      at,
    );
    return [];
  }
  const shape = readDatumaroShape(annotation, type);
  if (typeof shape === 'string') return invalid(shape);
  // A crowd is many objects in one outline, with what lies between them.
  if (crowd.safeParse(attributes).success) {
    pass.report('ignored-shape', 'a shape that is marked as a crowd is ignored (255)', at);
    return [{ className: null, shape, z, place }];
  }
  const className = labels[label ?? -1] ?? null;
  if (className === null) {
    const message = 'a shape whose class is not in the categories is ignored';
    pass.report(label == null ? 'unnamed-shape' : 'unknown-class', message, at);
  }
  return [{ className, shape, z, place }];
}
