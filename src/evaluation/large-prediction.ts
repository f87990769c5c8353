/**
 * Writes the prediction of an image that is too large for memory: the label PNG row by row, and an overlay of some of the
 * pixels. PNG: ISO/IEC 15948, W3C Recommendation of 2003.
 */

import { once } from 'node:events';
import type { FileHandle } from 'node:fs/promises';
import { crc32, createDeflate } from 'node:zlib';
import type { Size } from '../data/index.js';
import type { OpenImage } from '../data/internal.js';

const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const [bitDepth, grayColor] = [8, 0] as const;

/**
 * Writes labels as an 8-bit gray PNG.
 * @param labels height × width
 * @param options.values what is written for each label; null writes the labels
 */
export async function writeLabelPng(
  file: FileHandle,
  labels: Uint8Array,
  { width, height, values }: Size & { readonly values: readonly number[] | null },
): Promise<void> {
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, width);
  header.setUint32(4, height);
  header.setUint8(8, bitDepth);
  header.setUint8(9, grayColor);
  await file.write(signature);
  await writeChunk(file, 'IHDR', new Uint8Array(header.buffer));
  const deflate = createDeflate();
  const written = (async () => {
    for await (const bytes of deflate) await writeChunk(file, 'IDAT', bytes as Uint8Array);
  })();
  // A failed write is thrown below; the rows behind it need not be compressed.
  let failed = false;
  written.catch(() => {
    failed = true;
  });
  for (let y = 0; y < height && !failed; y += 1) {
    // The first byte of a row names its filter: none.
    const row = new Uint8Array(1 + width);
    const own = labels.subarray(y * width, (y + 1) * width);
    row.set(values === null ? own : own.map((label) => values[label] as number), 1);
    if (!deflate.write(row)) await Promise.race([once(deflate, 'drain'), written]);
  }
  deflate.end();
  await written;
  await writeChunk(file, 'IEND', new Uint8Array());
}

async function writeChunk(file: FileHandle, name: string, content: Uint8Array): Promise<void> {
  const chunk = Buffer.alloc(content.length + 12);
  chunk.writeUInt32BE(content.length, 0);
  chunk.write(name, 4, 'latin1');
  chunk.set(content, 8);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, content.length + 8)), content.length + 8);
  await file.write(chunk);
}

/** Holds every n-th pixel of an image and of its labels. */
export interface ReducedPrediction extends Size {
  readonly image: Uint8Array;
  readonly labels: Uint8Array;
}

/** Returns every n-th pixel of an image and its labels in both directions, for the least n whose sides are at most `side`. */
export function reducePrediction(
  image: OpenImage,
  { labels, side }: { readonly labels: Uint8Array; readonly side: number },
): ReducedPrediction {
  const step = Math.ceil(Math.max(image.width, image.height) / side);
  const [width, height] = [Math.ceil(image.width / step), Math.ceil(image.height / step)];
  const reduced = { width, height, labels: new Uint8Array(width * height) };
  let pixels: Uint8Array | null = null;
  for (let y = 0; y < height; y += 1) {
    const row = image.rows({ first: y * step, count: 1 });
    const channels = row.length / image.width;
    pixels ??= new Uint8Array(width * height * channels);
    for (let x = 0; x < width; x += 1) {
      const [from, to] = [x * step, y * width + x];
      for (let channel = 0; channel < channels; channel += 1) {
        pixels[to * channels + channel] = row[from * channels + channel] as number;
      }
      reduced.labels[to] = labels[y * step * image.width + from] as number;
    }
  }
  return { ...reduced, image: pixels as Uint8Array };
}
