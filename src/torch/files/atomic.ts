/**
 * Atomic file replacement: temporary file in the same folder, fsync, rename, fsync of the folder. Whoever reads the
 * name sees the old file or the new one, whole, whatever happens to the writer in between.
 */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { CheckpointError } from '../../errors/index.js';

/** What a killed writer leaves behind ends so; readers ignore these files and the next writer removes them. */
export const TEMPORARY_SUFFIX = '.tmp';

/** One write call moves at most 2 GiB; smaller pieces also keep the kernel's page cache from stalling. */
const WRITE_CHUNK = 2 ** 28;

/**
 * Replaces `path` by `pieces`, one after another; a generator may produce each only when the last is written.
 * @throws CheckpointError naming the file when it cannot be written; the old file is then still in place.
 */
export function writeFileAtomically(path: string, pieces: Iterable<Uint8Array>): void {
  const temporary = `${path}${TEMPORARY_SUFFIX}`;
  let begun = false;
  try {
    const descriptor = openSync(temporary, 'w');
    begun = true;
    try {
      for (const piece of pieces) writeAll(descriptor, piece);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, path);
    syncFolder(dirname(path));
  } catch (error) {
    if (begun) rmSync(temporary, { force: true });
    if (!isSystemError(error)) throw error;
    throw new CheckpointError(
      `${path}: cannot be written (${error.message}); check the folder's permissions and free space`,
      { cause: error },
    );
  }
}

/** Writes the whole of `bytes`; a single call may write less. */
export function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(descriptor, bytes, done, Math.min(WRITE_CHUNK, bytes.length - done));
  }
}

/** Makes the names in a folder durable. Some file systems cannot; their renames are then as durable as they get. */
export function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } catch (error) {
    if (!isSystemError(error) || (error.code !== 'EINVAL' && error.code !== 'ENOTSUP')) throw error;
  } finally {
    closeSync(descriptor);
  }
}

export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && 'code' in error;
}
