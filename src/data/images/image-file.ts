/**
 * Reads image files as 8-bit pixels: RGB, or as many channels as a run asks for. sharp decodes most formats and applies
 * orientation and color profiles. The engine decodes plain RGB PNGs when it is there, because it stops after the last row
 * that a training crop shows: on the images of the loader bench, 2048×1024, a core then makes 2.3 times as many samples as
 * with sharp and fast-png alone.
 */

import { readFile } from 'node:fs/promises';
import { DataError, OperationError } from '../../errors/index.js';
import { type ImageKernels, imageKernels } from '../../torch/internal.js';
import { bmpForm } from './bmp.js';
import { chooseChannels, toEightBit } from './eight-bit.js';
import { parsePngHeader } from './file-ends.js';
import { formatOf, headLength, type ImageFormat, imageFormatNames, readHead } from './image-formats.js';
import { defaultReading, type ImageReading } from './image-reading.js';
import type { Size } from './size.js';
import { decodeStored, openWithSharp, type StoredPixels, storedForm } from './stored-pixels.js';
import { unreadableFile } from './unreadable-file.js';

/** Holds a decoded image. */
export interface RgbImage extends Size {
  /** Holds the pixels as [height, width, channels]: RGB, unless another number of channels was asked for. */
  readonly image: Uint8Array;
}

/** Selects rows first … first + count − 1 of an image. */
export interface RowRange {
  readonly first: number;
  readonly count: number;
}

/** Gives the pixels of an image by rows. */
export interface OpenImage extends Size {
  /**
   * Returns the pixels of some rows as [count, width, channels].
   *
   * @throws {OperationError} when these rows of the file are damaged
   */
  rows(rows: RowRange): Uint8Array;
}

/** Describes an image by the header of its file. */
export interface ImageHeader extends Size {
  /** Counts the channels that the file stores. */
  readonly channels: number;
  /** Counts the leading channels that are a color: 3 for red, green and blue, 1 for gray. */
  readonly colors: 1 | 3;
  /** Names the type of the values: `8-bit`, `16-bit`, `32-bit float`, … */
  readonly type: string;
  /** Counts the pages of a TIFF or the frames of an animation; the first one is read. */
  readonly pages: number;
  /** Gives the EXIF orientation, 1 to 8: 1 is upright, and 5 to 8 swap width and height. */
  readonly orientation: number;
}

/**
 * Reads an image as 8-bit pixels: PNG, JPEG, WebP, TIFF, BMP, GIF or AVIF, whatever its name says. The EXIF orientation is
 * applied unless the reading says otherwise. With the default reading alpha is dropped and gray becomes RGB; of several
 * pages or frames, the first is read.
 *
 * @throws {DataError} naming the file when it is missing, cut off or not an image, and when its channels or values do not fit
 *   the reading
 */
export async function readImage(path: string, reading: ImageReading = defaultReading): Promise<RgbImage> {
  return decodeImage(path, { reading, head: await headOf(path) });
}

async function decodeImage(
  path: string,
  { head, reading }: { readonly head: Uint8Array; readonly reading: ImageReading },
): Promise<RgbImage> {
  const format = formatOf(head);
  try {
    if (reading.channels === 3 && isPlain(format, head)) return await readColors(path, reading);
    const stored = await decodeStored(path, { format, exif: reading.exif });
    const { width, height } = stored;
    return { width, height, image: toEightBit(stored, reading) };
  } catch (cause) {
    throw undecodable(path, { cause, format });
  }
}

/**
 * Decodes the values that an image stores, whatever a reading makes of them.
 *
 * @throws {DataError} naming the file when it is missing, cut off or not an image
 */
export async function readStored(path: string, { exif }: Pick<ImageReading, 'exif'>): Promise<StoredPixels> {
  const format = formatOf(await headOf(path));
  try {
    return await decodeStored(path, { format, exif });
  } catch (cause) {
    throw undecodable(path, { cause, format });
  }
}

/** Reads the first bytes of a file that is not empty. */
async function headOf(path: string): Promise<Uint8Array> {
  const head = await readHead(path).catch((cause: unknown) => {
    throw unreadableFile(path, { what: 'cannot be read', cause });
  });
  if (head.length === 0) throw new DataError(`${path}: is empty; copy or download it again`);
  return head;
}

/** Returns whether all values of a file have at most 8 bits, and sharp turns it into RGB without loss. */
function isPlain(format: ImageFormat, head: Uint8Array): boolean {
  if (format === 'png') return (parsePngHeader(head)?.depth ?? 16) <= 8;
  return format === 'jpeg' || format === 'webp' || format === 'gif';
}

async function readColors(path: string, { exif }: ImageReading): Promise<RgbImage> {
  const file = openWithSharp(path);
  const { data, info } = await (exif !== 'ignore' ? file.autoOrient() : file)
    .removeAlpha()
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  if (info.channels !== 3) throw new Error(`${info.channels} channels after conversion to RGB`);
  return { width: info.width, height: info.height, image: data };
}

/**
 * Reads what the header of an image says. The size is that of the image as `readImage` returns it. Without a reading, with null,
 * the image may have any channels, and its orientation is applied.
 *
 * @throws {DataError} naming the file when it is missing or not an image, and when its channels do not fit the reading
 */
export async function readImageHeader(
  path: string,
  reading: ImageReading | null = defaultReading,
): Promise<ImageHeader> {
  const head = await headOf(path);
  const format = formatOf(head);
  try {
    if (format === 'bmp') {
      return fitting({ ...bmpForm(head), colors: 3, type: '8-bit', pages: 1, orientation: 1 }, reading);
    }
    const metadata = await openWithSharp(path).metadata();
    const { width, height } = reading?.exif !== 'ignore' ? metadata.autoOrient : metadata;
    const { pages = 1, orientation = 1 } = metadata;
    return fitting({ width, height, ...storedForm(metadata), pages, orientation }, reading);
  } catch (cause) {
    throw undecodable(path, { cause, format });
  }
}

function fitting(header: ImageHeader, reading: ImageReading | null): ImageHeader {
  if (reading !== null) chooseChannels(header, reading);
  return header;
}

/**
 * Reads an image file whose rows are decoded on demand, with the pixels that `readImage` returns. Rows of a plain RGB PNG
 * are decoded from the first to the last requested one, in the calling thread; any other file is decoded whole at once.
 *
 * @throws {DataError} naming the file when it is missing, cut off or not an image, and when its channels or values do not fit
 *   the reading
 */
export async function openImage(path: string, reading: ImageReading = defaultReading): Promise<OpenImage> {
  const kernels = reading.channels === 3 ? imageKernels() : null;
  const file = kernels === null ? null : await readFile(path).catch(() => null);
  const opened = kernels === null || file === null ? null : openPng(file, kernels);
  if (opened !== null) return opened;
  const { width, height, image } =
    file === null
      ? await readImage(path, reading)
      : await decodeImage(path, { reading, head: file.subarray(0, headLength) });
  const rowBytes = width * reading.channels;
  return {
    width,
    height,
    rows: ({ first, count }) => image.subarray(first * rowBytes, (first + count) * rowBytes),
  };
}

// The color type of an RGB PNG in its header.
const rgb = 2;

/** Returns null unless the file is a sound RGB PNG that is shown as stored; sharp then reads it or says what is wrong. */
function openPng(file: Uint8Array, kernels: ImageKernels): OpenImage | null {
  try {
    const header = kernels.readPngHeader(file);
    if (header === null || header.colorType !== rgb || header.hasMetadata) return null;
    const { width, height } = header;
    return { width, height, rows: (rows) => kernels.decodePngRows(file, { header, ...rows }) };
  } catch (error) {
    if (error instanceof OperationError) return null;
    throw error;
  }
}

/** Explains messages of libvips that say nothing to a person. */
const explanations: readonly (readonly [pattern: RegExp, text: (format: string) => string])[] = [
  [/samples out of range/, () => 'values of 64 bits are not supported; save them as 32-bit float'],
  [/bad labq format/, () => 'a TIFF of CIELAB colors is not supported; save it as RGB'],
  [/unsupported image format/, (format) => `the ${format} is damaged or cut off`],
];

function undecodable(
  path: string,
  { cause, format }: { readonly cause: unknown; readonly format: ImageFormat },
): DataError {
  if (cause instanceof DataError) return new DataError(`${path}: ${cause.message}`);
  const message = cause instanceof Error ? cause.message : String(cause);
  const what = 'cannot be decoded as an image';
  const explanation = explanations.find(([pattern]) => pattern.test(message))?.[1];
  if (explanation === undefined) return unreadableFile(path, { what, cause });
  const text =
    format === null ? `its content is none of ${imageFormatNames}` : explanation(format.toUpperCase());
  return new DataError(`${path}: ${what} (${text})`, { cause });
}
