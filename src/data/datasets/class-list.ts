/** Reads the list of classes of a dataset folder: `classes.json`. */

import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { DataError } from '../../errors/index.js';
import { nearest } from '../../errors/internal.js';
import { parseJson } from '../../files/index.js';
import { type ClassList, type Color, ignoreIndex, withColors } from '../classes.js';

const byteExpected = 'expected a whole number from 0 to 255';
const byte = z.int(byteExpected).min(0, byteExpected).max(255, byteExpected);
const className = z.string('expected text').trim().min(1, 'a class needs a name');
const describedClass = z.strictObject(
  {
    name: className,
    color: z.tuple([byte, byte, byte], 'expected three numbers from 0 to 255').optional(),
  },
  'expected a class with a name',
);
/** Accepts a bare name too, as lists of names are what people have. */
const classEntry = z.preprocess(
  (entry) => (typeof entry === 'string' ? { name: entry } : entry),
  describedClass,
);
const classList = z.strictObject(
  {
    classes: z
      .array(classEntry, 'expected a list of classes')
      .min(1, 'the list is empty, and nothing can be told apart without a class')
      .max(255, 'at most 255 classes fit into a label file'),
    ignoreIndex: byte.default(ignoreIndex),
    unlabeled: className.optional(),
  },
  'expected a list of classes',
);
const knownKeys = { top: Object.keys(classList.shape), entry: Object.keys(describedClass.shape) };
/** Is the color of the class of unlabeled pixels unless it is listed with another. */
const black: Color = [0, 0, 0];
const remedy = '{ "classes": [{ "name": "road", "color": [128, 64, 128] }, …] }';

/**
 * Reads `{ "classes": [{ "name", "color"? }], "ignoreIndex"?: 255, "unlabeled"?: "background" }`, or the bare list of
 * classes, in which a class may be its name alone. A class without a color gets a default color that no other class has.
 * With `unlabeled`, pixels without a label belong to the class of that name, which is added at the end of the list unless it
 * is there.
 *
 * @throws {DataError} naming the file when it is missing or says something else, and when two classes share a name or color
 */
export async function readClassList(
  path: string,
  {
    unlabeled: wanted,
  }: {
    /** Names the class of pixels without a label, whatever the file says. */
    readonly unlabeled?: string | undefined;
  } = {},
): Promise<ClassList> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new DataError(`${path}: cannot be read; a dataset folder needs it, with ${remedy}`, { cause });
  });
  const content = parseContent(bytes, path);
  const parsed = classList.safeParse(Array.isArray(content) ? { classes: content } : content);
  if (!parsed.success) throw new DataError(`${path}: ${firstProblem(parsed.error)}`);
  const given = parsed.data;
  const unlabeled = wanted ?? given.unlabeled;
  const listed = withUnlabeled(given.classes, unlabeled);
  if (listed.length > 255) throw new DataError(`${path}: '${unlabeled}' is a 256th class; at most 255 fit`);
  const classes = withColors(listed);
  const repeated = classes.find(
    ({ name }, index) => classes.findIndex((other) => sameName(other.name, name)) < index,
  );
  if (repeated !== undefined) throw new DataError(`${path}: class '${repeated.name}' is listed twice`);
  rejectSharedColors(given.classes, path);
  const ignoredClass = given.classes[given.ignoreIndex];
  if (ignoredClass !== undefined) {
    throw new DataError(
      `${path}: ignoreIndex ${given.ignoreIndex} is also the index of class '${ignoredClass.name}'; use 255`,
    );
  }
  return {
    classes,
    ignoredValue: given.ignoreIndex,
    statedColors: given.classes.map(({ color }) => color),
    ...(unlabeled === undefined
      ? {}
      : { unlabeledClass: classes.findIndex(({ name }) => sameName(name, unlabeled)) }),
  };
}

/** Returns the classes with that of unlabeled pixels, black where no class is, at the end unless it is listed. */
function withUnlabeled(given: readonly GivenClass[], unlabeled: string | undefined): readonly GivenClass[] {
  if (unlabeled === undefined || given.some(({ name }) => sameName(name, unlabeled))) return given;
  const blackIsFree = given.every(({ color }) => `${color}` !== `${black}`);
  return [...given, { name: unlabeled, ...(blackIsFree ? { color: [...black] } : {}) }];
}

/** Compares names as they look: an accent may be stored as one character or as two. */
function sameName(a: string, b: string): boolean {
  return a.normalize('NFC') === b.normalize('NFC');
}

function parseContent(bytes: Uint8Array, path: string): unknown {
  try {
    return parseJson(bytes);
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

type GivenClass = z.infer<typeof describedClass>;

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
