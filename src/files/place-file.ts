/** Puts a file at a second place: as a link where it is only read there, or as a copy. */

import { constants, copyFile, link, open, realpath, symlink } from 'node:fs/promises';
import { tolerateMissingSync } from './durability.js';
import { isSystemError } from './system-errors.js';

/** Names how a file came to its second place. */
export type Placement = 'hard link' | 'symbolic link' | 'copy';

/** Names the errors of a file system that has no such links, or none to this file. */
const cannotLink: ReadonlySet<string | undefined> = new Set([
  'EXDEV',
  'EPERM',
  'EACCES',
  'EMLINK',
  'ENOSYS',
  'ENOTSUP',
  'EOPNOTSUPP',
  'EINVAL',
]);

/**
 * Makes `target`, which is not there yet, another name of the file `source`: by a hard link where both are on one file system,
 * by a symbolic link otherwise, and by a copy where there are no links.
 *
 * @throws {Error} of the file system when none of these can be made
 */
export async function linkFile(source: string, { target }: { readonly target: string }): Promise<Placement> {
  // A hard link to a symbolic link would be one too, whose relative path leads elsewhere from here.
  const file = await realpath(source);
  if (await isMade(link(file, target))) return 'hard link';
  if (await isMade(symlink(file, target))) return 'symbolic link';
  await copyDurably(file, { target });
  return 'copy';
}

/** Copies a file to a place that is not taken, and waits until it is on the disk. Shares its blocks where that is possible. */
export async function copyDurably(source: string, { target }: { readonly target: string }): Promise<void> {
  await copyFile(source, target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  const file = await open(target, 'r');
  try {
    await file.sync().catch((error: unknown) => tolerateMissingSync(error, target));
  } finally {
    await file.close();
  }
}

async function isMade(made: Promise<void>): Promise<boolean> {
  try {
    await made;
    return true;
  } catch (error) {
    if (isSystemError(error) && cannotLink.has(error.code)) return false;
    throw error;
  }
}
