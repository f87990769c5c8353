/**
 * Reads images that are too large to be decoded into memory as a whole. sharp decodes such a file once, from top to bottom,
 * into a file of plain pixels beside the system's other temporary files, from which rows are read in any order. The file has
 * no name anymore once it is open, so that nothing is left behind however the process ends.
 */

import { closeSync, openSync, readSync } from 'node:fs';
import { mkdtemp, rm, stat, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { DataError } from '../../errors/index.js';
import type { OpenImage, RowRange } from './image-file.js';
import type { Size } from './size.js';
import { unreadableFile } from './unreadable-file.js';

/** Gives pixels by rows from a file that `dispose` gives back to the system. */
export interface LargeImage extends OpenImage, Disposable {}

/** Images with more pixels than this are not decoded into memory: 150 MB of colors. */
export const mostPixelsInMemory = 50_000_000;

/** Counts the pixels above which sharp refuses a file, unless the limit is lifted. */
const usualLimit = 0x3fff * 0x3fff;

/** A photograph has at least a byte for 64 pixels, also where it is of one color; bombs have a thousandth of that. */
const mostPixelsPerByte = 200;

/** Counts the bytes before the pixels in the file format of libvips, and those of its first word. */
const headerBytes = 64;
const magicNumber = 0xb6a6f208;

function openUnlimited(path: string): Sharp {
  return sharp(path, { failOn: 'error', limitInputPixels: false, sequentialRead: true });
}

/**
 * Returns the size of an image with more than `mostPixelsInMemory` pixels, upright; null for any other file, also one that
 * is no image.
 *
 * @throws {DataError} when the header claims far more pixels than the file can hold, as in a decompression bomb
 */
export async function largeImageSize(path: string): Promise<Size | null> {
  const metadata = await openUnlimited(path)
    .metadata()
    .catch(() => null);
  if (metadata === null) return null;
  const { width, height } = metadata.autoOrient;
  const pixels = width * height;
  if (pixels <= mostPixelsInMemory) return null;
  const { size: bytes } = await stat(path);
  if (pixels > usualLimit && pixels > bytes * mostPixelsPerByte) {
    throw new DataError(
      `${path}: claims ${width}×${height} pixels in ${bytes} bytes, which no photograph needs so few for; it is damaged, or ` +
        'made to exhaust memory',
    );
  }
  return { width, height };
}

/**
 * Opens an image of 8 bits per channel, whatever its size, as RGB with the pixels that `readImage` returns.
 *
 * @throws {DataError} naming the file when it is damaged or has other values, or the temporary folder has too little space
 */
export async function openLargeImage(path: string): Promise<LargeImage> {
  const { depth, channels, autoOrient } = await openUnlimited(path).metadata();
  const size = { width: autoOrient.width, height: autoOrient.height };
  if (depth !== 'uchar' || channels > 4) {
    throw new DataError(
      `${path}: ${size.width}×${size.height} pixels of ${channels} channels (${depth}); images of more than ` +
        `${mostPixelsInMemory / 1e6} megapixels are read with 8 bits and up to 4 channels; convert it, or cut it into parts`,
    );
  }
  await expectSpace(path, size);
  const folder = await mkdtemp(join(tmpdir(), 'coarsely-'));
  try {
    const pixels = join(folder, 'pixels.v');
    await openUnlimited(path).autoOrient().removeAlpha().toColourspace('srgb').toFile(pixels);
    return openPixels(pixels, size);
  } catch (cause) {
    throw cause instanceof DataError
      ? cause
      : unreadableFile(path, { what: 'cannot be decoded as an image', cause });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function expectSpace(path: string, { width, height }: Size): Promise<void> {
  const needed = 3 * width * height;
  const { bavail, bsize } = await statfs(tmpdir());
  if (bavail * bsize >= needed) return;
  const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
  throw new DataError(
    `${path}: ${width}×${height} pixels take ${gigabytes(needed)} in ${tmpdir()} while they are read, where ` +
      `${gigabytes(bavail * bsize)} are free; set TMPDIR to a folder with more space`,
  );
}

/** Opens a file of plain pixels, which may be deleted afterwards. */
function openPixels(file: string, { width, height }: Size): LargeImage {
  const descriptor = openSync(file, 'r');
  const read = (length: number, position: number) => {
    const bytes = Buffer.alloc(length);
    for (let filled = 0; filled < length; ) {
      const count = readSync(descriptor, bytes, filled, length - filled, position + filled);
      if (count === 0) throw new DataError(`${file}: ends after ${position + filled} bytes`);
      filled += count;
    }
    return bytes;
  };
  const header = read(headerBytes, 0);
  const stored = [0, 4, 8, 12].map((at) => (at === 0 ? header.readUInt32BE(0) : header.readUInt32LE(at)));
  if (stored.join() !== [magicNumber, width, height, 3].join()) {
    closeSync(descriptor);
    throw new DataError(
      `${file}: expected ${width}×${height} pixels of 3 channels, received ${stored.slice(1)}`,
    );
  }
  const rowBytes = 3 * width;
  let isOpen = true;
  return {
    width,
    height,
    rows: ({ first, count }: RowRange) => read(count * rowBytes, headerBytes + first * rowBytes),
    [Symbol.dispose]: () => {
      if (isOpen) closeSync(descriptor);
      isOpen = false;
    },
  };
}
