/** Whether a file reaches its end: a copy or download that broke off is found without decoding it. */

import { close, fstatSync, open, read } from 'node:fs';
import { promisify } from 'node:util';

// Callbacks cost half of what file handles do, and datasets have tens of thousands of files. What is known of an open
// file comes without waiting for the disk.
const openFile = promisify(open);
const readFile = promisify(read);
const closeFile = promisify(close);

/** Cameras and editors append a little to a finished image, so the end is looked for in this many last bytes. */
const tailLength = 4096;
const headLength = 12;
const endOfJpeg = Buffer.from([0xff, 0xd9]);

/**
 * False where the end of a JPEG, PNG, WebP or JSON object isn't found, or the file is empty or can't be read: only
 * decoding tells whether it is damaged, since a long appendix hides the end as well. True for any other format.
 */
export async function hasImageEnd(path: string): Promise<boolean> {
  const file = await openFile(path, 'r').catch(() => null);
  if (file === null) return false;
  try {
    const { size } = fstatSync(file);
    const head = Buffer.alloc(Math.min(size, headLength));
    await readFile(file, head, 0, head.length, 0);
    if (head.toString('latin1', 0, 4) === 'RIFF')
      return size >= headLength && head.readUInt32LE(4) + 8 <= size;
    const tail = Buffer.alloc(Math.min(size, tailLength));
    await readFile(file, tail, 0, tail.length, size - tail.length);
    if (head[0] === 0xff) return tail.includes(endOfJpeg);
    if (head.toString('latin1', 1, 4) === 'PNG') return tail.includes('IEND');
    if (head[0] === '{'.charCodeAt(0)) return tail.toString('latin1').trimEnd().endsWith('}');
    return size > 0;
  } catch {
    return false;
  } finally {
    await closeFile(file);
  }
}
