/** Walks through the chunks of a PNG, and finds its palette. */

import { open, readFile } from 'node:fs/promises';
import { crc32 } from 'node:zlib';

/** Holds a chunk of a PNG. */
export interface PngChunk {
  readonly type: string;
  readonly data: Uint8Array;
}

const signatureLength = 8;
/** A palette almost always ends within this many first bytes. */
const headLength = 2048;

/**
 * Yields the chunks of a PNG up to `IEND`, or as far as the bytes reach.
 *
 * @throws {Error} with `checked`, when a chunk is cut off or its checksum is wrong
 */
export function* pngChunks(
  file: Uint8Array,
  { checked = false }: { readonly checked?: boolean } = {},
): Generator<PngChunk> {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  for (let at = signatureLength; ; ) {
    const start = at + 8;
    const length = start <= file.length ? view.getUint32(at) : 0;
    const end = start + length;
    if (end + 4 > file.length) {
      if (checked) throw new Error('the file breaks off');
      return;
    }
    const type = String.fromCharCode(...file.subarray(at + 4, start));
    if (checked && crc32(file.subarray(at + 4, end)) !== view.getUint32(end)) {
      throw new Error(`wrong checksum in chunk ${type}`);
    }
    yield { type, data: file.subarray(start, end) };
    if (type === 'IEND') return;
    at = end + 4;
  }
}

/** Returns the palette in the bytes of a PNG, red, green and blue of each index, or null when they hold none. */
export function findPalette(file: Uint8Array): Uint8Array | null {
  for (const { type, data } of pngChunks(file)) if (type === 'PLTE') return data;
  return null;
}

/** Reads the palette of a PNG file, mostly from its first bytes. Returns null when it has none or cannot be read. */
export async function readPalette(path: string): Promise<Uint8Array | null> {
  const file = await open(path).catch(() => null);
  if (file === null) return null;
  try {
    const head = new Uint8Array(headLength);
    const { bytesRead } = await file.read(head, 0, headLength, 0);
    const found = findPalette(head.subarray(0, bytesRead));
    if (found !== null || bytesRead < headLength) return found;
    return findPalette(await readFile(path));
  } catch {
    return null;
  } finally {
    await file.close();
  }
}
