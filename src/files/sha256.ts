/** Computes the SHA-256 of files, by which a published file is recognized. */

import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync, statSync } from 'node:fs';

const pieceBytes = 2 ** 22;

/** Hashes by path, with the facts of the file they belong to, as several parts of a start ask for the same file. */
const known = new Map<string, { readonly stamp: string; readonly hash: string }>();

/**
 * Returns the SHA-256 of a file as 64 hexadecimal digits. A file that did not change since it was last asked for is not
 * read again.
 *
 * @throws {Error} of the file system when the file cannot be read
 */
export function sha256OfFile(path: string): string {
  const { size, mtimeMs, ctimeMs, ino, dev } = statSync(path);
  const stamp = [size, mtimeMs, ctimeMs, ino, dev].join(' ');
  const before = known.get(path);
  if (before?.stamp === stamp) return before.hash;
  const hash = createHash('sha256');
  const piece = Buffer.allocUnsafe(pieceBytes);
  const descriptor = openSync(path, 'r');
  try {
    for (let count = readSync(descriptor, piece); count > 0; count = readSync(descriptor, piece)) {
      hash.update(piece.subarray(0, count));
    }
  } finally {
    closeSync(descriptor);
  }
  const result = hash.digest('hex');
  known.set(path, { stamp, hash: result });
  return result;
}
