/**
 * Waits until what was written is on the disk, where the file system can tell. Some network drives and mounts of
 * containers have no fsync, for files or for folders; training goes on there, and a notice says what is not promised.
 */

import { closeSync, fsyncSync, openSync } from 'node:fs';
import { noticeOnce } from './notices.js';
import { isSystemError } from './system-errors.js';

/** Names the errors of a file system that has no fsync. An EIO is a failing disk, and is not among them. */
const withoutSync: ReadonlySet<string | undefined> = new Set(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);
/** Names the errors of a file system or mount on which a folder cannot be opened to be synced. */
const unopenable: ReadonlySet<string | undefined> = new Set(['EISDIR', 'EACCES', 'EPERM', 'EINVAL']);

/**
 * Waits until an open file is on the disk.
 *
 * @param path names the file in the notice on file systems that cannot tell
 */
export function syncFile(descriptor: number, path: string): void {
  try {
    fsyncSync(descriptor);
  } catch (error) {
    tolerateMissingSync(error, path);
  }
}

/** Waits until the names in a folder are on the disk. */
export function syncFolder(folder: string): void {
  let descriptor: number;
  try {
    descriptor = openSync(folder, 'r');
  } catch (error) {
    if (isSystemError(error) && unopenable.has(error.code)) return;
    throw error;
  }
  try {
    syncFile(descriptor, folder);
  } finally {
    closeSync(descriptor);
  }
}

/** Throws an error of fsync again, except where it says that the file system has none. */
export function tolerateMissingSync(error: unknown, path: string): void {
  if (!isSystemError(error) || !withoutSync.has(error.code)) throw error;
  noticeOnce(
    'fsync',
    `${path}: this file system cannot confirm that files are on the disk (fsync: ${error.code}); after a power cut, ` +
      'the last files may be missing',
  );
}
