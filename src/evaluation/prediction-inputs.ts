/** Finds the images in the files and folders that a prediction is asked for, and what is left out. */

import { readdir, stat } from 'node:fs/promises';
import { basename, extname, join, relative, resolve, sep } from 'node:path';
import { hasImageExtension, imageFormatNames, isHidden, unreadImage } from '../data/internal.js';
import { DataError } from '../errors/index.js';
import type { LeftOut } from './memory-problem.js';
import { type NamedImage, predictionFolders } from './prediction-files.js';

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
      if (!found.isFile()) {
        throw new DataError(
          `${input}: is neither a file nor a folder; expected an image or a folder of images`,
        );
      }
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
  // Where both folders are the same, its images are inputs and the two folders of predictions are not.
  const written = predictionFolders.map((name) => resolve(outputFolder, name) + sep);
  const output = resolve(outputFolder) === resolve(folder) ? written : [resolve(outputFolder) + sep];
  const found = await readdir(folder, { recursive: true, withFileTypes: true }).catch((cause: unknown) => {
    throw new DataError(`${folder}: cannot be read as a folder of images`, { cause });
  });
  const entries = found
    .filter((entry) => !entry.isDirectory())
    .map((entry) => ({ file: join(entry.parentPath, entry.name), entry }))
    .filter(({ file }) => !output.some((own) => resolve(file).startsWith(own)))
    .filter(({ file }) => !isHiddenPath(relative(folder, file)))
    .sort((one, other) => (one.file < other.file ? -1 : 1));
  const skipped: LeftOut[] = [];
  const others: string[] = [];
  const files: string[] = [];
  for (const { file, entry } of entries) {
    // Reading from a pipe or a device would wait for ever.
    if (entry.isFile() || (entry.isSymbolicLink() && (await leadsToFile(file)))) files.push(file);
    else if (hasImageExtension(file)) skipped.push({ image: file, reason: 'is no file, or a link to none' });
    else others.push(file);
  }
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

async function leadsToFile(link: string): Promise<boolean> {
  return stat(link).then(
    (target) => target.isFile(),
    () => false,
  );
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

function isHiddenPath(path: string): boolean {
  return path.split(sep).some((part) => part !== '..' && isHidden(part));
}

function withoutExtension(path: string): string {
  return path.slice(0, path.length - extname(path).length);
}
