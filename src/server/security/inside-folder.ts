/** Keeps symbolic links from leading out of the folders that a person named. */

import { lstat, realpath } from 'node:fs/promises';
import { dirname, sep } from 'node:path';
import { NotFoundError, OutsideError } from '../errors/server-error.js';

/**
 * Returns the real path of a file or folder that lies in one of `folders`, links followed.
 *
 * @throws {NotFoundError} when nothing is at the path
 * @throws {OutsideError} when a link leads out of all of them
 */
export async function insideFolder(path: string, folders: readonly string[]): Promise<string> {
  const real = await realpath(path).catch(() => null);
  if (real === null) throw new NotFoundError(`${path}: there is no such file any more`);
  for (const folder of folders) {
    const whole = await realOf(folder);
    if (
      whole !== null &&
      (real === whole || real.startsWith(whole.endsWith(sep) ? whole : `${whole}${sep}`))
    ) {
      return real;
    }
  }
  const target = await linkedFolder(path, real);
  throw new OutsideError(
    `${path}: a link leads out of the named folders, to ${real}; to allow it, start coarsely view with --linked ${target}`,
  );
}

/** Returns the folder around what the first link on the way leads to. */
async function linkedFolder(path: string, real: string): Promise<string> {
  const parts = path.split(sep);
  for (let count = 2; count <= parts.length; count++) {
    const place = parts.slice(0, count).join(sep);
    const isLink = await lstat(place).then(
      (found) => found.isSymbolicLink(),
      () => false,
    );
    if (isLink) return dirname((await realOf(place)) ?? real);
  }
  return dirname(real);
}

async function realOf(folder: string): Promise<string | null> {
  return realpath(folder).catch(() => null);
}
