/** Finds the images in the files and folders that a prediction is asked for, and what is left out. */

import { readdir, stat } from 'node:fs/promises';
import { basename, extname, join, relative, resolve, sep } from 'node:path';
import { hasImageExtension, imageFormatNames, unreadImage } from '../data/internal.js';
import { DataError } from '../errors/index.js';
import type { LeftOut } from './memory-problem.js';
import type { NamedImage } from './prediction-files.js';

/** Holds what was found in files and folders. */
export interface PredictionInputs {
  readonly images: readonly NamedImage[];
  /** Lists files in which a person may see an image, and which are not read. */
  readonly skipped: readonly LeftOut[];
  /** Lists the other files of the folders. */
  readonly others: readonly string[];
}

/**
 * Finds the images. Hidden files, and predictions in an output folder inside an input folder, count as not there.
 *
 * @throws {DataError} when an input is missing, or a folder holds no image
 */
export async function findInputs(
  inputs: readonly string[],
  { output }: { readonly output: string },
): Promise<PredictionInputs> {
  const images: NamedImage[] = [];
  const skipped: LeftOut[] = [];
  const others: string[] = [];
  for (const input of inputs) {
    const found = await stat(input).catch((cause: unknown) => {
      throw new DataError(`${input}: no such file or folder; expected an image or a folder of images`, {
        cause,
      });
    });
    if (!found.isDirectory()) {
      images.push({ image: input, name: withoutExtension(basename(input)) });
      continue;
    }
    const inside = await inFolder(input, output);
    if (inside.images.length === 0) throw noImage(input, inside);
    images.push(...inside.images);
    skipped.push(...inside.skipped);
    others.push(...inside.others);
  }
  return { images, skipped, others };
}

async function inFolder(folder: string, outputFolder: string): Promise<PredictionInputs> {
  const output = resolve(outputFolder) + sep;
  const found = await readdir(folder, { recursive: true, withFileTypes: true }).catch((cause: unknown) => {
    throw new DataError(`${folder}: cannot be read as a folder of images`, { cause });
  });
  const files = found
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !resolve(file).startsWith(output) && !isHidden(relative(folder, file)))
    .sort();
  const skipped: LeftOut[] = [];
  const others: string[] = [];
  for (const file of files.filter((one) => !hasImageExtension(one))) {
    const reason = await unreadImage(file);
    if (reason === null) others.push(file);
    else skipped.push({ image: file, reason });
  }
  const images = files
    .filter(hasImageExtension)
    .map((image) => ({ image, name: withoutExtension(relative(folder, image)) }));
  return { images, skipped, others };
}

function noImage(folder: string, { skipped, others }: PredictionInputs): DataError {
  const [first] = skipped;
  const names = others.slice(0, 3).map((file) => relative(folder, file));
  const found =
    first === undefined
      ? names.length === 0
        ? 'the folder is empty'
        : `it holds ${names.join(', ')}${others.length > names.length ? ', …' : ''}`
      : `${relative(folder, first.image)}: ${first.reason}`;
  return new DataError(`${folder}: no image found; expected ${imageFormatNames} files (${found})`);
}

function isHidden(path: string): boolean {
  return path.split(sep).some((part) => part.startsWith('.') && part !== '..');
}

function withoutExtension(path: string): string {
  return path.slice(0, path.length - extname(path).length);
}
