/** Reads the list of classes of a dataset folder: `classes.json`. */

import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { DataError } from '../../errors/index.js';
import { nearest } from '../../errors/internal.js';
import { type ClassList, ignoreIndex, withColors } from '../classes.js';

const byteExpected = 'expected a whole number from 0 to 255';
const byte = z.int(byteExpected).min(0, byteExpected).max(255, byteExpected);
const classEntry = z.strictObject(
  {
    name: z.string('expected text').min(1, 'a class needs a name'),
    color: z.tuple([byte, byte, byte], 'expected three numbers from 0 to 255').optional(),
  },
  'expected a class with a name',
);
const classList = z.strictObject(
  {
    classes: z
      .array(classEntry, 'expected a list of classes')
      .min(1, 'the list is empty, and nothing can be told apart without a class')
      .max(255, 'at most 255 classes fit into a label file'),
    ignoreIndex: byte.default(ignoreIndex),
  },
  'expected a list of classes',
);
const knownKeys = { top: Object.keys(classList.shape), entry: Object.keys(classEntry.shape) };
const remedy = '{ "classes": [{ "name": "road", "color": [128, 64, 128] }, …] }';

/**
 * Reads `{ "classes": [{ "name", "color"? }], "ignoreIndex"?: 255 }`, or the bare list of classes. A class without a color
 * gets a default color that no other class has.
 *
 * @throws {DataError} naming the file when it is missing or says something else, and when two classes share a name or color
 */
export async function readClassList(path: string): Promise<ClassList> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new DataError(`${path}: cannot be read; a dataset folder needs it, with ${remedy}`, { cause });
  });
  const content = parseJson(text, path);
  const parsed = classList.safeParse(Array.isArray(content) ? { classes: content } : content);
  if (!parsed.success) throw new DataError(`${path}: ${firstProblem(parsed.error)}`);
  const given = parsed.data;
  const classes = withColors(given.classes);
  const repeated = classes.find(
    ({ name }, index) => classes.findIndex((other) => other.name === name) < index,
  );
  if (repeated !== undefined) throw new DataError(`${path}: class '${repeated.name}' is listed twice`);
  rejectSharedColors(given.classes, path);
  const ignoredClass = classes[given.ignoreIndex];
  if (ignoredClass !== undefined) {
    throw new DataError(
      `${path}: ignoreIndex ${given.ignoreIndex} is also the index of class '${ignoredClass.name}'; use 255`,
    );
  }
  return { classes, ignoredValue: given.ignoreIndex };
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DataError(`${path}: not valid JSON (${cause instanceof Error ? cause.message : cause})`, {
      cause,
    });
  }
}

function firstProblem(error: z.ZodError): string {
  // A mistyped key is reported rather than the missing key that it causes.
  const issue = error.issues.find(({ code }) => code === 'unrecognized_keys') ?? error.issues[0];
  if (issue?.code === 'unrecognized_keys') {
    const key = issue.keys[0] as string;
    const candidates = issue.path.length === 0 ? knownKeys.top : knownKeys.entry;
    const found = nearest(key, candidates);
    const hint = found === undefined ? ` (known here: ${candidates.join(', ')})` : `; did you mean ${found}?`;
    return `unknown key ${[...issue.path, key].join('.')}${hint}`;
  }
  const place = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.join('.')}: `;
  return `${place}${issue?.message ?? 'not a list of classes'}; write ${remedy}`;
}

type GivenClass = z.infer<typeof classEntry>;

function rejectSharedColors(given: readonly GivenClass[], path: string): void {
  const takenBy = new Map<string, string>();
  for (const { name, color } of given) {
    if (color === undefined) continue;
    const other = takenBy.get(`${color}`);
    if (other !== undefined) {
      throw new DataError(`${path}: classes '${other}' and '${name}' share the color ${color}; change one`);
    }
    takenBy.set(`${color}`, name);
  }
}
