/**
 * Brings the forms in which Label Studio writes a task into one: the export JSON (a task with its annotations; `completions` in
 * early versions), JSON_MIN (the results by the names of their controls), and the file of one annotation that it puts into
 * cloud storage.
 */

import { z } from 'zod';
import { hasImageExtension } from '../../data/internal.js';

/** Holds one result of an annotation: a shape, or the answer to a question. */
export interface TaskResult {
  /** Names the kind: `polygonlabels`, `choices`, `relation`. */
  readonly type: string;
  /** Is shared by the results of one region: its shape may be one and its class another. */
  readonly id: string | null;
  /** Names the image of a task of several. */
  readonly toName: string | null;
  /** Is by how many degrees the annotator had turned the picture. */
  readonly turned: number;
  readonly width: number | null;
  readonly height: number | null;
  readonly value: ReadonlyMap<string, unknown>;
  /** Says where it stands in the file. */
  readonly place: string;
}

/** Holds a task with the annotation that counts. */
export interface Task {
  /** Lists what the task shows, by its key: paths, URLs or embedded images. */
  readonly images: readonly { readonly key: string; readonly value: string }[];
  readonly results: readonly TaskResult[];
  /** Says whether there were several annotations that count, of which the last is here. */
  readonly several: boolean;
  /** Says whether there is only what a model predicted. */
  readonly onlyPredictions: boolean;
}

const text = z.string();
const number = z.number();
const side = z.int().min(1).max(65_535);
const objects = z.array(z.unknown());

/** Returns the task that an element of an export holds, or null when it is none. `place` says where it stands. */
export function readTask(value: unknown, place: string): Task | null {
  const fields = fieldsOf(value);
  if (fields === null) return null;
  const data = fieldsOf(fields.get('data'));
  const annotations = fields.get('annotations') ?? fields.get('completions');
  if (data !== null && Array.isArray(annotations)) {
    const key = fields.has('annotations') ? 'annotations' : 'completions';
    return taskOf(data, { annotations, place: `${place}.${key}`, predictions: fields.get('predictions') });
  }
  const stored = fieldsOf(fieldsOf(fields.get('task'))?.get('data'));
  if (stored !== null && Array.isArray(fields.get('result'))) {
    return taskOf(stored, { annotations: [value], place, predictions: [] });
  }
  return data === null ? smallTask(fields, place) : null;
}

function taskOf(
  data: ReadonlyMap<string, unknown>,
  {
    annotations,
    place,
    predictions,
  }: { readonly annotations: readonly unknown[]; readonly place: string; readonly predictions: unknown },
): Task {
  const counted = annotations
    .map((annotation, index) => ({ fields: fieldsOf(annotation), index }))
    .filter(({ fields }) => fields !== null && fields.get('was_cancelled') !== true);
  const last = counted.at(-1);
  const results = objects.safeParse(last?.fields?.get('result')).data ?? [];
  const where = annotations.length === 1 && place === '' ? 'result' : `${place}[${last?.index}].result`;
  return {
    images: imagesOf(data),
    results: results.flatMap((result, index) => {
      const fields = fieldsOf(result);
      return fields === null ? [] : [resultOf(fields, `${where}[${index}]`)];
    }),
    several: counted.length > 1,
    onlyPredictions: counted.length === 0 && Array.isArray(predictions) && predictions.length > 0,
  };
}

function resultOf(fields: ReadonlyMap<string, unknown>, place: string): TaskResult {
  return {
    type: text.safeParse(fields.get('type')).data ?? '',
    id: text.safeParse(fields.get('id')).data ?? null,
    toName: text.safeParse(fields.get('to_name')).data ?? null,
    turned: turnOf(fields),
    ...sizeOf(fields),
    value: fieldsOf(fields.get('value')) ?? new Map(),
    place,
  };
}

/** Reads JSON_MIN, where a result is its value alone, and its kind is the key of its classes. */
function smallTask(fields: ReadonlyMap<string, unknown>, place: string): Task | null {
  const results: TaskResult[] = [];
  for (const [control, list] of fields) {
    if (!Array.isArray(list)) continue;
    for (const [index, element] of list.entries()) {
      const value = fieldsOf(element);
      const type = value === null ? undefined : [...value.keys()].find((key) => /[a-z]labels$/.test(key));
      if (value === null || type === undefined) continue;
      const where = `${place}.${control}[${index}]`;
      const turned = turnOf(value);
      results.push({ type, id: null, toName: null, turned, ...sizeOf(value), value, place: where });
    }
  }
  const images = imagesOf(fields);
  const isTask = images.length > 0 && (results.length > 0 || fields.has('annotation_id'));
  return isTask ? { images, results, several: false, onlyPredictions: false } : null;
}

function turnOf(fields: ReadonlyMap<string, unknown>): number {
  const degrees = number.safeParse(fields.get('image_rotation')).data ?? 0;
  return degrees % 360;
}

function sizeOf(fields: ReadonlyMap<string, unknown>): Pick<TaskResult, 'width' | 'height'> {
  return {
    width: side.safeParse(fields.get('original_width')).data ?? null,
    height: side.safeParse(fields.get('original_height')).data ?? null,
  };
}

/** Returns the values that name images, or, where none looks like one, the value under `image`. */
function imagesOf(data: ReadonlyMap<string, unknown>): Task['images'] {
  const texts = [...data].flatMap(([key, value]) => (typeof value === 'string' ? [{ key, value }] : []));
  const images = texts.filter(
    ({ value }) => value.startsWith('data:image/') || hasImageExtension(pathOf(value)),
  );
  return images.length > 0 ? images : texts.filter(({ key }) => key === 'image');
}

/**
 * Returns the path of an image that a task names by a path or URL: `/data/upload/3/ab12cd34-cat.jpg`, `s3://bucket/cat.jpg`,
 * `/data/local-files/?d=cats/cat.jpg`.
 */
export function pathOf(value: string): string {
  const local = /[?&]d=([^&#]*)/.exec(value)?.[1];
  const path = local ?? value.replace(/[?#].*$/s, '').replace(/^[a-z][\w+.-]*:\/\/[^/]*\/?/i, '');
  try {
    return decodeURIComponent(path);
  } catch {
    // A percent sign of the name itself.
    return path;
  }
}

/** Returns the fields of an object as a map, in which a field of any name is only that. */
function fieldsOf(value: unknown): ReadonlyMap<string, unknown> | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  return new Map(Object.entries(value));
}
