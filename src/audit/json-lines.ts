/** Reads files of JSON lines one line after the other, however large they are, and heals one whose writing was cut off. */

import { closeSync, existsSync, openSync, readSync, truncateSync } from 'node:fs';
import { DataError } from '../errors/index.js';
import { parseJson } from '../files/index.js';

const chunkBytes = 2 ** 20;
const lineBreak = 0x0a;

/** Counts the whole lines of a file and cuts off what stands behind the last; 0 for a missing file. */
export function healLines(path: string): number {
  if (!existsSync(path)) return 0;
  let [lines, end] = [0, 0];
  for (const { length } of byteLines(path)) {
    lines++;
    end += length + 1;
  }
  truncateSync(path, end);
  return lines;
}

/**
 * Reads the lines of a file as JSON.
 *
 * @throws {DataError} naming the file and the line when one is not JSON
 */
export function* jsonLines(path: string): Generator<unknown> {
  let line = 0;
  for (const bytes of byteLines(path)) {
    line++;
    try {
      yield parseJson(bytes);
    } catch (cause) {
      throw new DataError(`${path}, line ${line}: is not JSON; the file was changed or is damaged`, {
        cause,
      });
    }
  }
}

/** Reads the lines that a line break ends, without it. */
function* byteLines(path: string): Generator<Buffer> {
  const file = openSync(path, 'r');
  try {
    let rest: Buffer[] = [];
    for (;;) {
      const chunk = Buffer.allocUnsafe(chunkBytes);
      const read = readSync(file, chunk, 0, chunkBytes, null);
      if (read === 0) return;
      let start = 0;
      for (;;) {
        const end = chunk.subarray(0, read).indexOf(lineBreak, start);
        if (end === -1) break;
        yield Buffer.concat([...rest, chunk.subarray(start, end)]);
        rest = [];
        start = end + 1;
      }
      if (start < read) rest.push(chunk.subarray(start, read));
    }
  } finally {
    closeSync(file);
  }
}
