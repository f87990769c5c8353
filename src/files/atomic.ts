/**
 * Replaces files atomically: writes a temporary file in the same folder, waits for the disk (fsync), renames it, and
 * waits for the folder. A reader of the path sees the whole old file or the whole new one, even if the writer is
 * killed.
 */
import { randomUUID } from 'node:crypto';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { FileError } from '../errors/index.js';
import { syncFile, syncFolder } from './durability.js';
import { replaceFile } from './replace-file.js';
import { isSystemError, systemErrorReason } from './system-errors.js';

/**
 * Ends the names of temporary files. Readers ignore such files, and the next writer removes those of killed writers.
 */
export const temporarySuffix = '.tmp';

/** Linux writes at most 2 GiB per call; smaller pieces also keep the page cache from stalling. */
const maximumWriteBytes = 2 ** 28;

/** Configures an atomic write. */
export interface AtomicWriteOptions {
  /** Creates the folder of the file if it is missing. */
  readonly createFolder?: boolean;
  /** Gives the temporary file a name of its own, so that several processes can replace the same file at once. */
  readonly shared?: boolean;
  /**
   * Waits until the file is on the disk, which is the default. Without it a power cut may leave a damaged file, which is
   * enough for a file that is checked when it is read and can be made again.
   */
  readonly durable?: boolean;
}

/**
 * Replaces the file at `path` by the concatenated `pieces`. A generator can produce each piece when the one before is
 * written, so that they are not in memory at once.
 *
 * @throws {FileError} naming the file when it cannot be written; the old file is then still in place
 */
export function writeFileAtomically(
  path: string,
  pieces: Iterable<Uint8Array>,
  { createFolder = false, shared = false, durable = true }: AtomicWriteOptions = {},
): void {
  const temporary = `${path}${shared ? `.${randomUUID()}` : ''}${temporarySuffix}`;
  let begun = false;
  try {
    if (createFolder) mkdirSync(dirname(path), { recursive: true });
    const descriptor = openSync(temporary, 'w');
    begun = true;
    try {
      for (const piece of pieces) writeAll(descriptor, piece);
      if (durable) syncFile(descriptor, path);
    } finally {
      closeSync(descriptor);
    }
    replaceFile(temporary, path);
    if (durable) syncFolder(dirname(path));
  } catch (error) {
    if (begun) rmSync(temporary, { force: true });
    if (!isSystemError(error)) throw error;
    throw new FileError(`${path}: cannot be written (${systemErrorReason(error)})`, { cause: error });
  }
}

/**
 * Replaces the file at `path` by `text` in UTF-8.
 *
 * @throws {FileError} naming the file when it cannot be written; the old file is then still in place
 */
export function writeTextAtomically(path: string, text: string, options: AtomicWriteOptions = {}): void {
  writeFileAtomically(path, [Buffer.from(text)], options);
}

/** Writes all of `bytes` to an open file, in several system calls if need be. */
export function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(descriptor, bytes, done, Math.min(maximumWriteBytes, bytes.length - done));
  }
}
