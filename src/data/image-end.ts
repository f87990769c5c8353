/** Whether an image file reaches its end: a copy or download that broke off is found without decoding the image. */

import { open } from 'node:fs/promises';

/** Cameras and editors append a little to a finished image, so the end is looked for in this many last bytes. */
const tailLength = 4096;
const headLength = 12;
const endOfJpeg = Buffer.from([0xff, 0xd9]);

/**
 * False where the end of a JPEG, PNG or WebP isn't found, or the file can't be read: only decoding tells whether it is
 * damaged, since a long appendix hides the end as well. True for any other format.
 */
export async function hasImageEnd(path: string): Promise<boolean> {
  const file = await open(path).catch(() => null);
  if (file === null) return false;
  try {
    const { size } = await file.stat();
    const head = Buffer.alloc(Math.min(size, headLength));
    await file.read(head, 0, head.length, 0);
    if (head.toString('latin1', 0, 4) === 'RIFF')
      return size >= headLength && head.readUInt32LE(4) + 8 <= size;
    const end = head[0] === 0xff ? endOfJpeg : head.toString('latin1', 1, 4) === 'PNG' ? 'IEND' : null;
    if (end === null) return true;
    const tail = Buffer.alloc(Math.min(size, tailLength));
    await file.read(tail, 0, tail.length, size - tail.length);
    return tail.includes(end);
  } catch {
    return false;
  } finally {
    await file.close();
  }
}
