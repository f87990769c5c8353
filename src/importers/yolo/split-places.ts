/**
 * Finds the folders that a `data.yaml` names. Its paths come from the machine that the dataset was made on: relative to the
 * file, to a `path`, to the folder above (`../train/images`), or absolute.
 */

import { posix } from 'node:path';
import { splitOfWord } from '../split-names.js';

/** Says what paths of a `data.yaml` are relative to. */
export interface PlaceContext {
  /** Is the folder of the `data.yaml`, relative to the root of the source. */
  readonly here: string;
  /** Is the value of its key `path`. */
  readonly base: string | null;
  /** Tells whether there is a file or folder of this path, relative to the root. */
  readonly exists: (path: string) => boolean;
}

/** Returns the file or folder that a path of a `data.yaml` means, relative to the root of the source, or null. */
export function placeOf(path: string, { here, base, exists }: PlaceContext): string | null {
  const own = parts(path);
  const whole = [...(base === null || isRooted(path) ? [] : parts(base)), ...own];
  const candidates: string[][] = [];
  // The longest end of the path that is there: everything above may belong to another machine.
  const least = isRooted(path) ? 1 : own.length;
  for (let first = 0; whole.length - first >= least; first++) candidates.push(whole.slice(first));
  for (const candidate of candidates) {
    // One folder alone, at the end of an absolute path, may be another of the same name: images, but not train.
    if (isRooted(path) && candidate.length === 1 && !isTelling(candidate[0])) continue;
    for (const start of [here, '.']) {
      const found = posix.normalize(posix.join(start, ...candidate));
      if (exists(found)) return found;
    }
  }
  return null;
}

/** Returns the image that a line of a list of images means, relative to the root of the source, or null. */
export function listedImage(line: string, { here, exists }: PlaceContext): string | null {
  const whole = parts(line);
  for (let first = 0; first < whole.length; first++) {
    for (const start of [here, '.']) {
      const found = posix.normalize(posix.join(start, ...whole.slice(first)));
      if (exists(found)) return found;
    }
  }
  return null;
}

function parts(path: string): string[] {
  return path
    .normalize('NFC')
    .replaceAll('\\', '/')
    .replace(/^[A-Za-z]:/, '')
    .split('/')
    .filter((part) => part !== '' && part !== '.' && part !== '..');
}

function isRooted(path: string): boolean {
  return /^([A-Za-z]:)?[\\/]/.test(path);
}

function isTelling(folder: string | undefined): boolean {
  return folder !== undefined && (splitOfWord(folder) !== null || folder.endsWith('.txt'));
}
