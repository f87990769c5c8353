/** Reads images of every format. BMP is decoded by this package, and the tags of TIFFs are read by it. */

import sharp from 'sharp';
import { openImage, readImage, readImageHeader } from '#data/images/image-file.js';
import { ScratchFile } from '../support/scratch-file.js';
import { outcomeOf } from '../support/target.js';

const scratch = new ScratchFile('input.image');
// sharp keeps decoded files by path, and here every input has the same.
sharp.cache(false);
// Larger images are slow to decode and show nothing new.
const mostPixels = 1 << 22;

/** Reads a file by every reader of images, and compares what they say. */
export async function fuzz(data: Uint8Array): Promise<void> {
  const path = scratch.write(data);
  const header = await outcomeOf(() => readImageHeader(path));
  if ('value' in header && header.value.width * header.value.height > mostPixels) return;
  const decoded = await outcomeOf(() => readImage(path));
  if (!('value' in decoded)) return;
  const { width, height, image } = decoded.value;
  if (image.length !== 3 * width * height) throw new Error(`${image.length} values for ${width}×${height}`);
  if ('value' in header && (header.value.width !== width || header.value.height !== height)) {
    throw new Error(`a header of ${header.value.width}×${header.value.height} for ${width}×${height}`);
  }
  const opened = await outcomeOf(async () => {
    const { rows, ...size } = await openImage(path);
    return rows({ first: 0, count: size.height });
  });
  if ('value' in opened && Buffer.compare(opened.value, image) !== 0) {
    throw new Error('two decoders disagree about the pixels');
  }
}

/** Returns small images of every format. */
export async function seeds(): Promise<Uint8Array[]> {
  const [width, height] = [9, 6];
  const bytes = Uint8Array.from({ length: 3 * width * height }, (_, place) => (place * 29) % 256);
  const image = () => sharp(bytes, { raw: { width, height, channels: 3 } });
  const others = await Promise.all([
    image().jpeg().toBuffer(),
    image().webp().toBuffer(),
    image().gif().toBuffer(),
    image().tiff({ compression: 'none' }).toBuffer(),
    image().tiff({ compression: 'lzw', predictor: 'horizontal' }).toBuffer(),
    image().toColourspace('rgb16').png().toBuffer(),
  ]);
  const compressions = [0, 0, 0, 0, 0, 0, 1, 2, 3];
  return [
    ...others,
    ...[1, 4, 8, 16, 24, 32, 8, 4, 32].map((bits, place) => bmp(bits, compressions[place] ?? 0)),
  ];
}

/** Returns a BMP of 8 × 4 pixels with a header of 40 bytes. */
function bmp(bits: number, compression: number): Buffer {
  const [width, height] = [8, 4];
  const palette = bits <= 8 ? Buffer.alloc(4 * 2 ** bits, 7) : Buffer.alloc(compression === 3 ? 12 : 0, 0xf0);
  const runs = Buffer.from([8, 1, 0, 0, 4, 2, 0, 3, 1, 2, 3, 0, 0, 0, 0, 2, 2, 1, 3, 1, 0, 1]);
  const isInRuns = compression === 1 || compression === 2;
  const pixels = isInRuns ? runs : Buffer.alloc(height * Math.ceil((width * bits) / 32) * 4, 0x11);
  const header = Buffer.alloc(54);
  header.write('BM', 'latin1');
  header.writeUInt32LE(54 + palette.length, 10);
  header.writeUInt32LE(40, 14);
  header.writeInt32LE(width, 18);
  header.writeInt32LE(height, 22);
  header.writeUInt16LE(1, 26);
  header.writeUInt16LE(bits, 28);
  header.writeUInt32LE(compression, 30);
  return Buffer.concat([header, palette, pixels]);
}

export const dictionary = [
  'BM',
  'GIF89a',
  'II*\u0000',
  'MM\u0000*',
  'RIFF',
  'WEBP',
  'VP8L',
  'Exif',
  'ftypavif',
];
