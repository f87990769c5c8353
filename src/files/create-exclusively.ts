/**
 * Creates a file that is not there yet, so that of several processes exactly one succeeds. A hard link makes the file
 * appear with all its text; file systems without hard links (FAT, exFAT, many network drives) create it exclusively and
 * then write, so that another process may read it empty for a moment.
 */

import { closeSync, linkSync, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import { writeAll } from './atomic.js';
import { isSystemError } from './system-errors.js';

/**
 * Gives the file at `path` the text of the complete file `from`, which is on the same file system.
 *
 * @returns false when `path` exists already; it is then unchanged
 */
export function createExclusively(path: string, { from }: { readonly from: string }): boolean {
  try {
    linkSync(from, path);
    return true;
  } catch (error) {
    if (!isSystemError(error) || error.code === 'ENOENT') throw error;
    // An NFS client that repeats a lost request is told that the link exists, as the first request has made it.
    if (error.code === 'EEXIST') return statSync(from).nlink === 2;
  }
  return createWithoutLinks(path, readFileSync(from));
}

function createWithoutLinks(path: string, text: Uint8Array): boolean {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'wx');
  } catch (error) {
    if (isSystemError(error) && error.code === 'EEXIST') return false;
    throw error;
  }
  try {
    writeAll(descriptor, text);
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  } finally {
    closeSync(descriptor);
  }
  return true;
}
