/** The list of classes of a dataset folder: `classes.json`. */

import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { DataError } from '../errors/index.js';
import { type DatasetClass, ignoreIndex } from './dataset.js';
import { defaultPalette } from './palette.js';

/** What `classes.json` says. */
export interface ClassList {
  readonly classes: readonly DatasetClass[];
  /** The value that means "ignored" in label files beside 255, which always does. */
  readonly ignoredValue: number;
}

const byte = z.int().min(0).max(255);
const classEntry = z.object({
  name: z.string().min(1),
  color: z.tuple([byte, byte, byte]).optional(),
});
const classEntries = z.array(classEntry).min(1).max(255);
const classList = z.union([
  classEntries.transform((classes) => ({ classes, ignoreIndex })),
  z.strictObject({ classes: classEntries, ignoreIndex: byte.default(ignoreIndex) }),
]);
const remedy = '{ "classes": [{ "name": "road", "color": [128, 64, 128] }, …] }';

/**
 * Reads `path`: `{ "classes": [{ "name", "color"? }], "ignoreIndex"?: 255 }`, or the bare list. A class without a
 * colour gets one from the default palette. Throws a DataError when the file is missing or says something else.
 */
export async function readClassList(path: string): Promise<ClassList> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new DataError(`${path}: cannot be read; a dataset folder needs it, with ${remedy}`, { cause });
  });
  const parsed = classList.safeParse(parseJson(text, path));
  if (!parsed.success) throw new DataError(`${path}: ${firstProblem(parsed.error)}; expected ${remedy}`);
  const given = parsed.data;
  const palette = defaultPalette(given.classes.length);
  const classes = given.classes.map(({ name, color }, index) => ({
    name,
    color: color ?? palette[index] ?? ([255, 255, 255] as const),
  }));
  const repeated = classes.find(
    ({ name }, index) => classes.findIndex((other) => other.name === name) < index,
  );
  if (repeated !== undefined) throw new DataError(`${path}: class '${repeated.name}' is listed twice`);
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
  let issue = error.issues[0];
  // A union reports one list of issues for each of its forms: the last form is the documented one.
  while (issue?.code === 'invalid_union') issue = issue.errors.at(-1)?.[0];
  if (issue === undefined) return 'not a list of classes';
  return `${issue.path.join('.')}${issue.path.length > 0 ? ': ' : ''}${issue.message}`;
}
