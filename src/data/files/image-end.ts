/** Whether a file reaches its end: a copy or download that broke off is found without decoding it. */

import { close, fstatSync, open, read } from 'node:fs';
import { promisify } from 'node:util';
import { type PngHeader, parsePngHeader, pngHeaderLength } from '../images/png-header.js';

// Callbacks cost half of what file handles do, and datasets have tens of thousands of files. What is known of an open
// file comes without waiting for the disk.
const openFile = promisify(open);
const readFile = promisify(read);
const closeFile = promisify(close);

/** Cameras and editors append a little to a finished image, so the end is looked for in this many last bytes. */
const tailLength = 4096;
const riffLength = 12;
const endOfJpeg = Buffer.from([0xff, 0xd9]);

/** What a file's first and last bytes tell. */
export interface FileEnds {
  /**
   * False where the end of a JPEG, PNG, WebP or JSON object isn't found, or the file is empty or can't be read: only
   * decoding tells whether it is damaged, since a long appendix hides the end as well. True for any other format.
   */
  readonly ended: boolean;
  /** The header of a PNG. */
  readonly png: PngHeader | null;
}

/** Reads both ends of a file. */
export async function readEnds(path: string): Promise<FileEnds> {
  const nothing = { ended: false, png: null };
  const file = await openFile(path, 'r').catch(() => null);
  if (file === null) return nothing;
  try {
    const { size } = fstatSync(file);
    const whole = size <= tailLength;
    const head = Buffer.alloc(Math.min(size, whole ? tailLength : pngHeaderLength));
    await readFile(file, head, 0, head.length, 0);
    if (head.toString('latin1', 0, 4) === 'RIFF') {
      return { ended: size >= riffLength && head.readUInt32LE(4) + 8 <= size, png: null };
    }
    const tail = whole ? head : Buffer.alloc(tailLength);
    if (!whole) await readFile(file, tail, 0, tail.length, size - tail.length);
    if (head[0] === 0xff) return { ended: tail.includes(endOfJpeg), png: null };
    if (head.toString('latin1', 1, 4) === 'PNG') {
      return { ended: tail.includes('IEND'), png: parsePngHeader(head) };
    }
    const ended = head[0] === '{'.charCodeAt(0) ? tail.toString('latin1').trimEnd().endsWith('}') : size > 0;
    return { ended, png: null };
  } catch {
    return nothing;
  } finally {
    await closeFile(file);
  }
}

/** Whether a file reaches its end, as in `readEnds`. */
export async function hasImageEnd(path: string): Promise<boolean> {
  return (await readEnds(path)).ended;
}
