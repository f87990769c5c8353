/**
 * Notes where in a file of COCO the annotations of each image stand. They stand in any order, and a file of a hundred thousand
 * images is larger than memory should hold, so that they are read again from their places when an image is asked for.
 */

import { readSync } from 'node:fs';
import type { Color, Size } from '../../data/index.js';
import { DataError } from '../../errors/index.js';
import type { ListedClass } from '../annotations.js';
import { sizeOf } from '../coordinates.js';
import { jsonOf } from '../json-file.js';
import { jsonParts } from '../json-list.js';
import type { Report } from '../reading.js';
import { type CocoAnnotation, isRecord } from './coco-shapes.js';

/** Describes an image of a file. */
export interface CocoImage {
  /** Is its place in the list of images. */
  readonly index: number;
  readonly fileName: string;
  readonly size: Size | null;
}

/** Holds an annotation with its place in the list of annotations. */
interface PlacedAnnotation {
  readonly index: number;
  readonly content: CocoAnnotation;
}

/** Holds the images and classes of a file, and the places of its annotations. */
export interface CocoIndex {
  readonly path: string;
  readonly images: readonly CocoImage[];
  /** Maps the id of each class to its name, in the order of the file. */
  readonly categories: ReadonlyMap<string, ListedClass>;
  /** Reads the annotations of an image, in the order of the file, which the caller has opened. */
  read(image: CocoImage, file: number): PlacedAnnotation[];
}

/** Says what a file of COCO's form holds that is not read as labels: `panoptic` images of segments, or `captions`. */
export type OtherCoco = 'panoptic' | 'captions';

/**
 * Reads a file once and returns its index, or says what else it holds. What does not fit together is reported: images twice,
 * annotations of no image.
 *
 * @throws {DataError} naming the file and the place when it is damaged, or has no list of images or classes
 */
export async function indexCoco(
  path: string,
  { report }: { readonly report: Report },
): Promise<CocoIndex | OtherCoco> {
  const places = new AnnotationPlaces();
  const usedCategories = new Set<string | null>();
  let rest: unknown = null;
  for await (const part of jsonParts(path, { list: 'annotations' })) {
    if (part.kind === 'rest') {
      rest = jsonOf(part.bytes, path);
      continue;
    }
    const content = jsonOf(part.bytes, `${path}: annotations[${part.index}]`);
    const annotation = isRecord(content) ? content : {};
    if ('segments_info' in annotation) return 'panoptic';
    if ('caption' in annotation) return 'captions';
    if (part.start === null) throw new DataError(`${path}: is UTF-16 text; save the file as UTF-8`);
    usedCategories.add(keyOf(annotation.category_id));
    places.add(keyOf(annotation.image_id), { start: part.start, length: part.bytes.length });
  }
  const { images, categories } = isRecord(rest) ? rest : {};
  if (!Array.isArray(images)) throw new DataError(`${path}: has no list "images", as COCO's files have`);
  if (!Array.isArray(categories)) {
    throw new DataError(`${path}: has no list "categories", without which the classes have no names`);
  }
  const ids = new Map<string, number>();
  const listed = images.flatMap((given: unknown, index): CocoImage[] => {
    const { id, file_name: fileName, width, height } = isRecord(given) ? given : {};
    const key = keyOf(id);
    if (typeof fileName !== 'string' || fileName.trim() === '' || key === null) {
      report(
        'unnamed-image',
        'an image without "id" and "file_name" is left out',
        `${path}: images[${index}]`,
      );
      return [];
    }
    if (ids.has(key)) {
      report('repeated-id', 'an image with the id of another is left out', `${path}: images[${index}]`);
      return [];
    }
    ids.set(key, index);
    return [{ index, fileName, size: sizeOf(width, height) }];
  });
  const byImage = places.byImage(ids, (index) =>
    report('unknown-image', 'an annotation of no listed image is left out', `${path}: annotations[${index}]`),
  );
  return {
    path,
    images: listed,
    categories: namedCategories(categories, { path, usedCategories, report }),
    read: ({ index }, file) =>
      (byImage.get(index) ?? []).map((annotation) => {
        const { start, length } = places.at(annotation);
        const bytes = Buffer.alloc(length);
        const place = `${path}: annotations[${annotation}]`;
        if (readSync(file, bytes, 0, length, start) !== length) {
          throw new DataError(`${place}: the file changed while it was read`);
        }
        const content = jsonOf(bytes, place);
        return { index: annotation, content: isRecord(content) ? content : {} };
      }),
  };
}

/** Returns the form in which ids are compared: some tools write them as numbers in one place and as text in another. */
export function keyOf(id: unknown): string | null {
  return typeof id === 'string' || typeof id === 'number' ? String(id) : null;
}

/** Keeps the place of each annotation and the id of its image in few bytes. */
class AnnotationPlaces {
  #starts = new Float64Array(1024);
  #lengths = new Uint32Array(1024);
  readonly #ids: (string | null)[] = [];

  add(imageId: string | null, { start, length }: { readonly start: number; readonly length: number }): void {
    const index = this.#ids.length;
    if (index === this.#starts.length) {
      const [starts, lengths] = [new Float64Array(2 * index), new Uint32Array(2 * index)];
      starts.set(this.#starts);
      lengths.set(this.#lengths);
      [this.#starts, this.#lengths] = [starts, lengths];
    }
    this.#starts[index] = start;
    this.#lengths[index] = length;
    this.#ids.push(imageId);
  }

  at(index: number): { readonly start: number; readonly length: number } {
    return { start: this.#starts[index] as number, length: this.#lengths[index] as number };
  }

  /** Returns the annotations of each image, and calls `onUnknown` for those of none. */
  byImage(
    ids: ReadonlyMap<string, number>,
    onUnknown: (index: number) => void,
  ): ReadonlyMap<number, readonly number[]> {
    const found = new Map<number, number[]>();
    for (const [index, id] of this.#ids.entries()) {
      const image = id === null ? undefined : ids.get(id);
      if (image === undefined) onUnknown(index);
      else if (found.get(image)?.push(index) === undefined) found.set(image, [index]);
    }
    return found;
  }
}

/**
 * Returns the classes by id, without the entry for the whole project that Roboflow puts before them: it has no annotations, and
 * the others name it as what they belong to.
 */
function namedCategories(
  given: readonly unknown[],
  {
    path,
    usedCategories,
    report,
  }: { readonly path: string; readonly usedCategories: ReadonlySet<string | null>; readonly report: Report },
): ReadonlyMap<string, ListedClass> {
  const records = given.map((entry) => (isRecord(entry) ? entry : {}));
  const above = new Set(records.map(({ supercategory }) => supercategory));
  const categories = new Map<string, ListedClass>();
  for (const [index, { id, name, supercategory, color }] of records.entries()) {
    const place = `${path}: categories[${index}]`;
    const text = typeof name === 'string' ? name.trim() : '';
    const key = keyOf(id);
    if (key === null || text === '') {
      report('unnamed-class', 'a category without "id" and "name" is left out', place);
    } else if (categories.has(key)) {
      report('repeated-id', 'a category with the id of another is left out', place);
    } else if (supercategory === 'none' && above.has(name) && !usedCategories.has(key)) {
      report('group-class', 'a category that only groups the others is left out', `${place}: '${text}'`);
    } else {
      const stated = colorOf(color);
      categories.set(key, { name: text, ...(stated !== null && { color: stated }) });
    }
  }
  return categories;
}

function colorOf(given: unknown): Color | null {
  if (!Array.isArray(given) || given.length !== 3) return null;
  const [red, green, blue] = given.map((value) =>
    Number.isInteger(value) && value >= 0 && value < 256 ? value : -1,
  );
  return red === -1 || green === -1 || blue === -1 ? null : [red, green, blue];
}
