/**
 * Replaces files atomically: temporary file in the same folder, fsync, rename, fsync of the folder. A reader of the
 * path sees the old file or the new one, whole, whatever happens to the writer in between.
 */
import { randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { FileError } from '../errors/index.js';

/** Ends the name of a temporary file: readers ignore such files, and the next writer removes those of killed ones. */
export const temporarySuffix = '.tmp';

/** One write call moves at most 2 GiB; smaller pieces also keep the kernel's page cache from stalling. */
const maximumWriteBytes = 2 ** 28;

export interface AtomicWriteOptions {
  /** Creates the folder of the file where it is missing. */
  readonly createFolder?: boolean;
  /** Gives the temporary file a name of its own, so that several processes can replace the same file at once. */
  readonly shared?: boolean;
}

/**
 * Replaces the file at `path` by `pieces`, one after another; a generator may produce each when the last is written.
 *
 * @throws {FileError} naming the file when it cannot be written; the old file is then still in place
 */
export function writeFileAtomically(
  path: string,
  pieces: Iterable<Uint8Array>,
  { createFolder = false, shared = false }: AtomicWriteOptions = {},
): void {
  const temporary = `${path}${shared ? `.${randomUUID()}` : ''}${temporarySuffix}`;
  let begun = false;
  try {
    if (createFolder) mkdirSync(dirname(path), { recursive: true });
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
    throw new FileError(
      `${path}: cannot be written (${error.message}); check the folder's permissions and free space`,
      { cause: error },
    );
  }
}

/** Replaces the file at `path` by `text` in UTF-8; see `writeFileAtomically`. */
export function writeTextAtomically(path: string, text: string, options: AtomicWriteOptions = {}): void {
  writeFileAtomically(path, [Buffer.from(text)], options);
}

/** Writes all of `bytes` to an open file; a single system call may write less. */
export function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(descriptor, bytes, done, Math.min(maximumWriteBytes, bytes.length - done));
  }
}

/** Makes the names in a folder durable. A file system without fsync for folders is left as it is. */
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

/** Tells whether an error comes from a system call. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && 'code' in error;
}
