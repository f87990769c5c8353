/**
 * Writes questions into files of points: pixels without a class, with the class that the network suggests. What a file holds
 * already stays in it.
 */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  type DatasetClass,
  formatPointFile,
  type LabeledPoint,
  type PointFile,
  readPointFile,
  type Size,
} from '../data/index.js';
import { DataError } from '../errors/index.js';
import { writeTextAtomically } from '../files/index.js';

/** Returns the path of the questions about an image; `name` holds the split where a dataset has several. */
export function questionPath(name: string, { folder }: { readonly folder: string }): string {
  return join(folder, `${name}.json`);
}

/**
 * Reads the points of an image; an empty file where there is none.
 *
 * @throws {DataError} when the file is damaged or of an image of another size, and where the points are a PNG
 */
export async function readQuestions(
  path: string,
  { classes, size }: { readonly classes: readonly Pick<DatasetClass, 'name'>[]; readonly size: Size },
): Promise<PointFile> {
  const { width, height } = size;
  const png = path.replace(/\.json$/, '.png');
  if (existsSync(png)) {
    throw new DataError(
      `${png}: holds the points of this image, and questions need a file ${path}; write them to another folder (--output)`,
    );
  }
  if (!existsSync(path)) return { width, height, points: [], more: {} };
  const file = await readPointFile(path, classes);
  if (file.width === width && file.height === height) return file;
  throw new DataError(
    `${path}: holds points of an image of ${file.width}×${file.height} pixels, and the image has ${width}×${height}; ` +
      'move the file away, or write to another folder (--output)',
  );
}

/** Replaces the points of an image atomically. */
export function writeQuestions(
  path: string,
  file: PointFile,
  { classes }: { readonly classes: readonly Pick<DatasetClass, 'name'>[] },
): void {
  writeTextAtomically(path, formatPointFile(file, classes), { createFolder: true });
}

/** Tells whether a point still waits for an answer. What a person, or one who is simulated, could not tell does not. */
export function isOpen({ class: answer, more }: LabeledPoint): boolean {
  return answer === null && more.simulated === undefined && more.by === undefined;
}
