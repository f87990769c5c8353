/**
 * Renames files so that a temporary file takes the place of the old one, also on network drives, where a rename may be
 * refused for a moment or be reported as failed although it was done.
 */

import { renameSync, statSync } from 'node:fs';
import { isSystemError } from './system-errors.js';

/** Names the errors of a file that another program, such as a virus scanner or a sync client, has open just now. */
const passing: ReadonlySet<string | undefined> = new Set(['EBUSY', 'EACCES', 'EPERM', 'ETXTBSY', 'EAGAIN']);
const waitsInMilliseconds = [10, 40, 160, 640];

/** Moves the file `temporary` to `path`, in the place of a file that is there. */
export function replaceFile(temporary: string, path: string): void {
  const { size } = statSync(temporary);
  for (const wait of [...waitsInMilliseconds, null]) {
    try {
      renameSync(temporary, path);
      return;
    } catch (error) {
      if (!isSystemError(error)) throw error;
      // An NFS client that repeats a lost request is told that the file is gone, as the first request has moved it.
      if (error.code === 'ENOENT' && isMoved(temporary, { path, size })) return;
      if (wait === null || !passing.has(error.code)) throw error;
      pause(wait);
    }
  }
}

function isMoved(from: string, { path, size }: { readonly path: string; readonly size: number }): boolean {
  const gone = statSync(from, { throwIfNoEntry: false }) === undefined;
  return gone && statSync(path, { throwIfNoEntry: false })?.size === size;
}

/** Blocks this thread. */
export function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)), 0, 0, milliseconds);
}
