/** Reads single numbers from the first directory of a TIFF, where libvips does not tell how colors are stored. */

import { open } from 'node:fs/promises';

/** Names the tags that are asked for. */
export const tiffTags = { compression: 259, colors: 262 } as const;

const entryBytes = 12;
const mostEntries = 4096;

/** Returns the numbers of the first directory by tag; empty where it cannot be read, and for a BigTIFF. */
export async function readTiffTags(path: string): Promise<ReadonlyMap<number, number>> {
  const tags = new Map<number, number>();
  const file = await open(path);
  try {
    const read = async (length: number, position: number): Promise<DataView | null> => {
      const bytes = new Uint8Array(length);
      const { bytesRead } = await file.read(bytes, 0, length, position);
      return bytesRead < length ? null : new DataView(bytes.buffer);
    };
    const header = await read(8, 0);
    const little = header?.getUint16(0) === 0x4949;
    if (header?.getUint16(2, little) !== 42) return tags;
    const start = header.getUint32(4, little);
    const count = (await read(2, start))?.getUint16(0, little) ?? 0;
    const entries = await read(entryBytes * Math.min(count, mostEntries), start + 2);
    for (let at = 0; entries !== null && at < entries.byteLength; at += entryBytes) {
      const isShort = entries.getUint16(at + 2, little) === 3;
      const value = isShort ? entries.getUint16(at + 8, little) : entries.getUint32(at + 8, little);
      tags.set(entries.getUint16(at, little), value);
    }
    return tags;
  } finally {
    await file.close();
  }
}
