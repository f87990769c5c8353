/** Reads `data.yaml`, which names the classes of a YOLO dataset and the folders of its splits. */

import { join } from 'node:path';
import { parseDocument } from 'yaml';
import { DataError } from '../../errors/index.js';
import { readBoundedText } from '../json-file.js';
import { splitOfWord } from '../split-names.js';

/** Holds what a `data.yaml` says. */
export interface YoloDataFile {
  /** Is its path relative to the root of the source. */
  readonly file: string;
  readonly names: ReadonlyMap<number, string>;
  /** Is the folder that its other paths are relative to, where it names one. */
  readonly base: string | null;
  /** Lists the folders, or lists of images, of each split. */
  readonly splits: readonly { readonly split: string; readonly places: readonly string[] }[];
}

/**
 * Reads a `data.yaml`.
 *
 * @throws {DataError} naming the file when it is not YAML, has no names, or describes keypoints
 */
export async function readDataFile(root: string, file: string): Promise<YoloDataFile> {
  const path = join(root, file);
  const content = parsedYaml(await readBoundedText(path), path);
  if (!(content instanceof Map)) throw new DataError(`${path}: expected keys such as names, train and val`);
  if (content.has('kpt_shape')) {
    throw new DataError(
      `${path}: describes keypoints (kpt_shape), not segments; export the dataset as YOLO segmentation`,
    );
  }
  const names = namesOf(content.get('names'), path);
  const base = content.get('path');
  return {
    file,
    names,
    base: typeof base === 'string' ? base : null,
    splits: ['train', 'val', 'valid', 'test'].flatMap((key) => {
      const places = textsOf(content.get(key));
      return places.length === 0 ? [] : [{ split: splitOfWord(key) ?? key, places }];
    }),
  };
}

/** Returns whether a YAML file is the description of a YOLO dataset. */
export async function isDataFile(path: string): Promise<boolean> {
  const text = await readBoundedText(path, { bytes: 1 << 20 });
  const content = parsedYaml(text, path);
  return (
    content instanceof Map &&
    content.has('names') &&
    ['train', 'val', 'valid', 'test', 'nc', 'path'].some((key) => content.has(key))
  );
}

function parsedYaml(text: string, path: string): unknown {
  try {
    const document = parseDocument(text, { logLevel: 'error' });
    const [error] = document.errors;
    if (error !== undefined) throw error;
    // Maps, so that no key of the file becomes a property; aliases are counted, as a few can stand for millions of values.
    return document.toJS({ mapAsMap: true, maxAliasCount: 100 });
  } catch (cause) {
    const [reason] = (cause instanceof Error ? cause.message : String(cause)).split('\n', 1);
    throw new DataError(`${path}: not valid YAML (${reason})`, { cause });
  }
}

function namesOf(names: unknown, path: string): Map<number, string> {
  const entries: [unknown, unknown][] = Array.isArray(names)
    ? [...names.entries()]
    : names instanceof Map
      ? [...names]
      : [];
  const found = new Map<number, string>();
  for (const [key, name] of entries) {
    const index = Number(key);
    const text = typeof name === 'number' || typeof name === 'boolean' ? String(name) : name;
    if (!Number.isInteger(index) || index < 0 || typeof text !== 'string' || text.trim() === '') {
      throw new DataError(`${path}: names: expected a list of names, or a number and a name a line`);
    }
    found.set(index, text.trim());
  }
  if (found.size === 0) throw new DataError(`${path}: names: expected the names of the classes`);
  return found;
}

function textsOf(value: unknown): string[] {
  if (typeof value === 'string' && value.trim() !== '') return [value.trim()];
  return Array.isArray(value) ? value.flatMap(textsOf) : [];
}

/** Reads a list of names, one a line: `classes.txt`, `obj.names`. */
export async function readNameList(path: string): Promise<Map<number, string>> {
  const lines = (await readBoundedText(path)).split(/\r\n|\r|\n/).map((line) => line.trim());
  while (lines.at(-1) === '') lines.pop();
  if (lines.length === 0) throw new DataError(`${path}: is empty; expected the name of a class on each line`);
  return new Map(lines.entries());
}
