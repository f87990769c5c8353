/** Tells whether there is a file at a path. */

import { statSync } from 'node:fs';
import { isSystemError } from './system-errors.js';

/**
 * Returns false where nothing is at `path`, or a folder, or where a file stands in the place of one of its folders.
 *
 * @throws {Error} of the file system when it cannot tell
 */
export function isFile(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOTDIR') return false;
    throw error;
  }
}
