/** Lists the formats of image files, and tells the format of a file by its name and by its first bytes. */

import { open } from 'node:fs/promises';
import { extname } from 'node:path';

/** Lists the extensions of image files that are read, in lower case; names are compared in any case. */
export const imageExtensions: ReadonlySet<string> = new Set([
  '.png',
  '.jpg',
  '.jpeg',
  '.jpe',
  '.jfif',
  '.webp',
  '.tif',
  '.tiff',
  '.bmp',
  '.dib',
  '.gif',
  '.avif',
]);

/** Names the formats in messages, as in `no image found; expected PNG, JPEG, … files`. */
export const imageFormatNames = 'PNG, JPEG, WebP, TIFF, BMP, GIF or AVIF';

/** Lists extensions of formats that people know as images, and that are not read. */
const otherExtensions: ReadonlySet<string> = new Set(
  (
    'heic heif jp2 j2k jpf jxl jxr dds exr hdr pfm pbm pgm ppm pnm pcx tga psd psb svg eps ai pdf ico cur ' +
    'raw j2c jpm iff sgi ras dng cr2 cr3 nef arw orf rw2 raf pef srw fits fit dcm nii webm mp4 apng'
  )
    .split(' ')
    .map((name) => `.${name}`),
);

/** Returns whether a file has the name of an image that is read. */
export function hasImageExtension(path: string): boolean {
  return imageExtensions.has(extname(path).toLowerCase());
}

/** Returns whether a file has the name of an image, of a format that is read or of another. */
export function looksLikeImage(path: string): boolean {
  return hasImageExtension(path) || otherExtensions.has(extname(path).toLowerCase());
}

/** Names the format of a file that its first bytes tell; null for all others. */
export type ImageFormat = 'png' | 'jpeg' | 'webp' | 'tiff' | 'bmp' | 'gif' | 'heif' | null;

/** Counts the first bytes of a file that tell its format, and hold the header of a PNG or BMP. */
export const headLength = 144;

/** Returns the format that the first bytes of a file tell. */
export function formatOf(head: Uint8Array): ImageFormat {
  const text = Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString('latin1');
  if (text.startsWith('\xff\xd8\xff')) return 'jpeg';
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return 'png';
  if (text.startsWith('RIFF') && text.startsWith('WEBP', 8)) return 'webp';
  if (/^(II[*+]\0|MM\0[*+])/.test(text)) return 'tiff';
  if (text.startsWith('GIF8')) return 'gif';
  if (text.startsWith('ftyp', 4) && /^(avi[fs]|mif1|msf1|hei[cxs]|hev[cx])/.test(text.slice(8)))
    return 'heif';
  // Two letters alone are too little: the header's own size follows at byte 14.
  if (text.startsWith('BM') && head.length >= 18 && [12, 40, 52, 56, 64, 108, 124].includes(head[14] ?? 0)) {
    return head[15] === 0 && head[16] === 0 && head[17] === 0 ? 'bmp' : null;
  }
  return null;
}

/** Reads the first bytes of a file, fewer than `headLength` from a shorter one. */
export async function readHead(path: string): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const head = new Uint8Array(headLength);
    const { bytesRead } = await file.read(head, 0, headLength, 0);
    return head.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/**
 * Says why a file in a folder of images is not read although a person may see an image in it: its format is not supported,
 * or its name does not say that it is an image. Returns null for other files, such as lists and notes.
 */
export async function unreadImage(path: string): Promise<string | null> {
  const extension = extname(path).toLowerCase();
  if (otherExtensions.has(extension)) {
    return `${extension} files are not read; convert it to ${imageFormatNames}`;
  }
  const format = await readHead(path).then(formatOf, () => null);
  if (format === null) return null;
  const name = extension === '' ? 'no extension' : `the extension ${extension}`;
  return `holds a ${format.toUpperCase()} image, but has ${name}; rename it`;
}
