/**
 * Decodes image files of any format to the values that they store, of whatever type and number of channels. Only orientation
 * and color spaces are resolved here; which channels are used, and which values are black and white, follows in
 * `eight-bit.ts`.
 */

import { readFile } from 'node:fs/promises';
import sharp, { type Metadata, type Sharp } from 'sharp';
import { decodeBmp } from './bmp.js';
import type { ImageFormat } from './image-formats.js';
import type { ImageReading } from './image-reading.js';
import type { Size } from './size.js';
import { readTiffTags, tiffTags } from './tiff-tags.js';

/** Holds the values of an image as its file stores them. */
export interface StoredPixels extends Size {
  readonly channels: number;
  /** Counts the leading channels that are a color: 3 for red, green and blue, 1 for gray. */
  readonly colors: 1 | 3;
  /** Holds the values [height, width, channels]: bytes, 16-bit values, or numbers of any other type. */
  readonly values: Uint8Array | Uint16Array | Float64Array;
  /** Names the type of values that are neither bytes nor unsigned 16-bit: `32-bit float`. */
  readonly type: string;
}

/** Describes what the header of an image says of its values. */
export interface StoredForm {
  readonly channels: number;
  readonly colors: 1 | 3;
  /** Names the type of the values: `8-bit`, `16-bit`, `32-bit float`, … */
  readonly type: string;
}

// libvips knows a file by its path alone, so a file that was replaced would be read as it was before.
sharp.cache(false);

// Satellite images have more channels than sharp accepts by default.
const mostChannels = 64;

/** Opens an image with the settings that all readers share. A file that is cut off fails. */
export function openWithSharp(path: string): Sharp {
  return sharp(path, { failOn: 'error', limitInputChannels: mostChannels });
}

const types: Readonly<Record<string, string>> = {
  uchar: '8-bit',
  ushort: '16-bit',
  char: 'signed 8-bit',
  short: 'signed 16-bit',
  int: 'signed 32-bit',
  uint: '32-bit',
  float: '32-bit float',
  double: '64-bit float',
};

/** Says how the values are stored that the header describes, after colors other than gray and RGB were converted. */
export function storedForm({
  space,
  depth,
  channels,
}: Pick<Metadata, 'space' | 'depth' | 'channels'>): StoredForm {
  const isGray = space === 'b-w' || space === 'grey16';
  const type = types[depth] ?? depth;
  if (isGray) return { channels, colors: 1, type };
  // Ink of four colors becomes RGB.
  if (space === 'cmyk') return { channels: 3, colors: 3, type: '8-bit' };
  return { channels, colors: 3, type };
}

/**
 * Decodes the stored values of a file.
 *
 * @throws {Error} when the file is damaged, cut off or no image
 */
export async function decodeStored(
  path: string,
  { format, exif }: { readonly format: ImageFormat; readonly exif?: ImageReading['exif'] },
): Promise<StoredPixels> {
  if (format === 'bmp') {
    const { pixels, ...image } = decodeBmp(await readFile(path));
    return { ...image, colors: 3, values: pixels, type: '8-bit' };
  }
  if (format === 'tiff') await rejectTiffColors(path);
  const image = openWithSharp(path);
  const metadata = await image.metadata();
  const { space, depth } = metadata;
  const form = storedForm(metadata);
  if (space === 'xyz') throw new Error('a LogLuv TIFF is not supported; save it as 16-bit or float RGB');
  const upright = exif !== 'ignore' ? image.autoOrient() : image;
  // The 10 or 12 bits of an AVIF are always scaled to the whole range.
  if (format === 'heif')
    return valuesOf(upright.toColourspace('srgb'), { form: eightBit(form), depth: 'uchar' });
  if (depth === 'ushort' && (space === 'grey16' || space === 'rgb16')) {
    return valuesOf(upright.toColourspace('rgb16'), { form, depth });
  }
  // Signed values would be cut off at 0.
  if (depth === 'short' && space === 'grey16' && form.channels === 1) {
    const shifted = upright.linear(1, signShift).toColourspace('grey16');
    const { values, ...rest } = await valuesOf(shifted, { form, depth: 'double' });
    return { ...rest, values: Float64Array.from(values, (value) => value - signShift) };
  }
  if (depth === 'uchar' || space === 'cmyk') {
    return valuesOf(upright.toColourspace('srgb'), { form, depth: 'uchar' });
  }
  if (space === 'b-w' || space === 'scrgb') {
    // Numbers of these types pass unchanged, whatever the name of the space says.
    return valuesOf(upright.toColourspace(space === 'b-w' ? 'srgb' : space), { form, depth: 'double' });
  }
  throw new Error(`${form.type} values in ${form.channels} channels are not supported; save them as 16-bit`);
}

const luminanceAndChroma = 6;
const cieLab = [8, 9, 10];
/** Names the compressions as JPEG, which resolve such colors themselves. */
const jpegCompressions = [6, 7];

/** Refuses the colors that libvips would take for RGB. */
async function rejectTiffColors(path: string): Promise<void> {
  const tags = await readTiffTags(path);
  const colors = tags.get(tiffTags.colors) ?? 0;
  const isJpeg = jpegCompressions.includes(tags.get(tiffTags.compression) ?? 1);
  const name = cieLab.includes(colors) ? 'CIELAB' : colors === luminanceAndChroma && !isJpeg ? 'YCbCr' : null;
  if (name !== null) throw new Error(`a TIFF of ${name} colors is not supported; save it as RGB`);
}

const signShift = 2 ** 15;

function eightBit(form: StoredForm): StoredForm {
  return { ...form, type: '8-bit' };
}

/** Decodes to the values of one type. sharp gives a gray channel three times, unless gray is the space that is asked for. */
async function valuesOf(
  pipeline: Sharp,
  { form, depth }: { readonly form: StoredForm; readonly depth: 'uchar' | 'ushort' | 'double' },
): Promise<StoredPixels> {
  const { colors, type } = form;
  const { data, info } = await pipeline.raw({ depth }).toBuffer({ resolveWithObject: true });
  const { width, height, channels: given } = info;
  const values = typed(data, depth);
  if (colors === 3 || given < 3) return { width, height, channels: given, colors, values, type };
  const channels = given - 2;
  const kept = values.slice(0, width * height * channels);
  for (let pixel = 0, to = 0; pixel < width * height; pixel++) {
    const from = pixel * given;
    kept[to++] = values[from] as number;
    for (let channel = 1; channel < channels; channel++) kept[to++] = values[from + 2 + channel] as number;
  }
  return { width, height, channels, colors, values: kept, type };
}

function typed(data: Buffer, depth: 'uchar' | 'ushort' | 'double'): StoredPixels['values'] {
  if (depth === 'uchar') return data;
  // The bytes may begin anywhere in a shared block of memory.
  const { buffer } = Uint8Array.from(data);
  return depth === 'ushort' ? new Uint16Array(buffer) : new Float64Array(buffer);
}
