/**
 * Reads and writes files of points: single pixels of an image whose class a person stated.
 *
 *     { "width": 480, "height": 360, "points": [{ "x": 12, "y": 40, "class": "car" }, …] }
 */

import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { DataError } from '../../errors/index.js';
import { nearest } from '../../errors/internal.js';
import { parseJson } from '../../files/index.js';
import type { DatasetClass } from '../classes.js';
import type { Size } from '../images/size.js';
import { unreadableFile } from '../images/unreadable-file.js';
import { listNames } from '../match-classes.js';

/** Describes a pixel of an image, by column and row from 0, and the class that it was given. */
export interface LabeledPoint {
  readonly x: number;
  readonly y: number;
  /** Is the index of the class; null where it was asked for and not answered. */
  readonly class: number | null;
  /** Holds further keys of the file, such as the class that a network suggested. */
  readonly more: Readonly<Record<string, unknown>>;
}

/** Holds the content of a file of points. */
export interface PointFile extends Size {
  readonly points: readonly LabeledPoint[];
  /** Holds further keys of the file. */
  readonly more: Readonly<Record<string, unknown>>;
}

const side = z.int('expected a whole number of pixels').min(1, 'expected at least 1');
const place = z
  .int('expected a whole number, counted from 0')
  .min(0, 'expected a whole number, counted from 0');
const content = z.looseObject(
  {
    width: side,
    height: side,
    points: z.array(
      z.looseObject(
        {
          x: place,
          y: place,
          class: z.union([z.string(), z.int(), z.null()], 'expected the name or index of a class, or null'),
        },
        'expected a point with x, y and class',
      ),
      'expected a list of points',
    ),
  },
  'expected an object',
);
const example = '{ "width": 480, "height": 360, "points": [{ "x": 12, "y": 40, "class": "car" }] }';

/**
 * Reads a file of points.
 *
 * @throws {DataError} naming the file when it cannot be read or is no such file, when a point lies outside the image or has
 * an unknown class, and when a pixel has two classes
 */
export async function readPointFile(
  path: string,
  classes: readonly Pick<DatasetClass, 'name'>[],
): Promise<PointFile> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw unreadableFile(path, { what: 'cannot be read', cause });
  });
  const parsed = content.safeParse(jsonOf(bytes, path));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const at = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.join('.')}: `;
    throw new DataError(`${path}: ${at}${issue?.message}; a file of points is ${example}`);
  }
  const { width, height, points: given, ...more } = parsed.data;
  const classOf = classLookup(classes, path);
  const points = given.map(({ x, y, class: named, ...others }, index): LabeledPoint => {
    if (x >= width || y >= height) {
      throw new DataError(
        `${path}: points.${index}: (${x}, ${y}) lies outside the image of ${width}×${height} pixels; expected x below ${width} and y below ${height}`,
      );
    }
    return { x, y, class: classOf(named, index), more: others };
  });
  rejectContradictions(points, { path, width, classes });
  return { width, height, points, more };
}

/** Returns the text of a file of points, one point a line. */
export function formatPointFile(
  { width, height, points, more }: PointFile,
  classes: readonly Pick<DatasetClass, 'name'>[],
): string {
  const lines = points.map(({ x, y, class: index, more: others }) => {
    const name = index === null ? null : (classes[index]?.name ?? index);
    return `    ${JSON.stringify({ x, y, class: name, ...others })}`;
  });
  const keys = Object.entries({ width, height, ...more }).map(
    ([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)},\n`,
  );
  const list = lines.length === 0 ? '[]' : `[\n${lines.join(',\n')}\n  ]`;
  return `{\n${keys.join('')}  "points": ${list}\n}\n`;
}

function jsonOf(bytes: Uint8Array, path: string): unknown {
  try {
    return parseJson(bytes);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DataError(`${path}: not valid JSON (${reason}); a file of points is ${example}`, { cause });
  }
}

/** Returns a function that finds the index of a class by its name or index. */
function classLookup(
  classes: readonly Pick<DatasetClass, 'name'>[],
  path: string,
): (named: string | number | null, point: number) => number | null {
  const indices = new Map(classes.map(({ name }, index) => [name.normalize('NFC'), index] as const));
  const names = classes.map(({ name }) => name);
  return (named, point) => {
    if (named === null) return null;
    if (typeof named === 'number') {
      if (named >= 0 && named < classes.length) return named;
      throw new DataError(
        `${path}: points.${point}: no class ${named}; expected an index from 0 to ${classes.length - 1}, a name, or null`,
      );
    }
    const index = indices.get(named.normalize('NFC'));
    if (index !== undefined) return index;
    const near = nearest(named, names);
    const hint = near === undefined ? '' : ` (did you mean '${near}'?)`;
    const expected = `expected one of ${listNames(names, { count: 12 })}, an index, or null`;
    throw new DataError(`${path}: points.${point}: no class '${named}'${hint}; ${expected}`);
  };
}

/** Throws where two points of one pixel have different classes. */
function rejectContradictions(
  points: readonly LabeledPoint[],
  {
    path,
    width,
    classes,
  }: {
    readonly path: string;
    readonly width: number;
    readonly classes: readonly Pick<DatasetClass, 'name'>[];
  },
): void {
  const known = new Map<number, number>();
  for (const { x, y, class: index } of points) {
    if (index === null) continue;
    const before = known.get(y * width + x) ?? index;
    if (before !== index) {
      throw new DataError(
        `${path}: pixel (${x}, ${y}) is both '${classes[before]?.name}' and '${classes[index]?.name}'; keep one of the two points`,
      );
    }
    known.set(y * width + x, index);
  }
}
