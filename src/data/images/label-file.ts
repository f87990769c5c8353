/**
 * Reads and writes label files: PNGs in which each pixel states its class by value (gray or palette index) or by color.
 *
 * fast-png decodes every form, because sharp expands palettes and rescales depths below 8 bits, which loses the values. The
 * engine decodes 8-bit PNGs when it is there, in a fifth of the time. fast-png also encodes, so that the same labels
 * always give the same bytes.
 */

import { open, readFile } from 'node:fs/promises';
import { decode, encode } from 'fast-png';
import { DataError, OperationError } from '../../errors/index.js';
import { imageKernels } from '../../torch/internal.js';
import { type ClassList, ignoreIndex } from '../classes.js';
import { type PngHeader, parsePngHeader, pngHeaderLength } from './file-ends.js';
import type { Size } from './size.js';
import { unreadableFile } from './unreadable-file.js';

/** Holds a decoded label file. */
export interface LabelMap extends Size {
  /** Holds class indices [height, width], and 255 for ignored pixels. */
  readonly labels: Uint8Array;
}

/** Reads the label files of a dataset. Both methods throw a DataError naming the file when it cannot be used. */
export interface LabelReader {
  read(path: string): Promise<LabelMap>;
  /** Reads the size from as little of the file as possible, and rejects forms that `read` rejects. */
  readSize(path: string): Promise<Size>;
}

/**
 * Reads the header of a label file.
 *
 * @throws {DataError} naming the file when it cannot be read, or is not a PNG that can hold labels
 */
export async function readLabelHeader(path: string): Promise<PngHeader> {
  const bytes = new Uint8Array(pngHeaderLength);
  try {
    const file = await open(path);
    try {
      await file.read(bytes, 0, pngHeaderLength, 0);
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw unreadableFile(path, { what: 'cannot be read', cause });
  }
  return labelHeader(bytes, path);
}

/**
 * Reads a label PNG: gray of 1 to 8 bits (value = class index), palette (index = class index), or RGB (color of the class
 * list; black is ignored unless it is the color of a class). Alpha is dropped.
 *
 * @throws {DataError} naming the file when it is damaged or has 16 bits; and naming the value or color with its first
 * pixel (column, row) when it belongs to no class of the list
 */
export async function readLabels(path: string, classList: ClassList): Promise<LabelMap> {
  const { header, samples, channels, inColor } = await readLabelSamples(path);
  const { width, height } = header;
  const labels = new Uint8Array(width * height);
  const unknownPixel = inColor
    ? labelsFromColors(samples, labels, { channels, path, classList })
    : labelsFromValues(samples, labels, { channels, classList });
  if (unknownPixel >= 0) {
    const start = unknownPixel * channels;
    const found = inColor
      ? `color ${samples.subarray(start, start + 3).join(',')}`
      : `label ${samples[start]}`;
    throw new DataError(
      `${path}: ${found} at pixel (${unknownPixel % width}, ${Math.floor(unknownPixel / width)}) ` +
        `is not in the list of ${classList.classes.length} classes and not the ignored value`,
    );
  }
  return { width, height, labels };
}

/** Holds the content of a label file before a class list gives it a meaning. */
export interface LabelSamples {
  readonly header: PngHeader;
  /** Holds 8-bit samples [height, width, channels]; for a palette PNG these are indices. */
  readonly samples: Uint8Array;
  readonly channels: number;
  /** Is true when the first three channels are a color, and false when the first channel is a value. */
  readonly inColor: boolean;
  /** Holds red, green, blue (and alpha) for each index of a palette PNG. */
  readonly palette: readonly (readonly number[])[] | null;
}

/**
 * Decodes a label PNG of any form that `readLabels` accepts. The palette is null unless `withPalette` is set, as the engine
 * decodes indices alone.
 *
 * @throws {DataError} naming the file when it is damaged or of another form
 */
export async function readLabelSamples(
  path: string,
  { withPalette = false }: { readonly withPalette?: boolean } = {},
): Promise<LabelSamples> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw unreadableFile(path, { what: 'cannot be read', cause });
  });
  const header = labelHeader(bytes, path);
  const { width, height, color } = header;
  const wantsPalette = withPalette && color === 'palette';
  const { data, palette } = (wantsPalette ? null : decodeWithEngine(bytes)) ?? decodeWithFastPng(bytes, path);
  const samples = header.depth < 8 ? unpackBits(data, header) : data;
  const channels = color === 'rgb' ? 3 : color === 'rgb-alpha' ? 4 : color === 'gray-alpha' ? 2 : 1;
  if (samples.length !== width * height * channels) {
    throw new DataError(`${path}: damaged PNG: ${samples.length} samples for ${width}×${height} pixels`);
  }
  return { header, samples, channels, inColor: channels >= 3, palette };
}

/** Encodes labels [height, width] as an 8-bit gray PNG whose values are class indices, 255 for ignored pixels. */
export function encodeLabelPng(labels: Uint8Array, { width, height }: Size): Uint8Array {
  return encode({ width, height, data: labels, channels: 1, depth: 8 });
}

function labelHeader(bytes: Uint8Array, path: string): PngHeader {
  const header = parsePngHeader(bytes);
  if (header === null)
    throw new DataError(`${path}: not a PNG file; labels are 8-bit gray, palette or RGB PNGs`);
  if (header.depth === 16) {
    throw new DataError(`${path}: 16-bit PNG; save labels as 8-bit gray, palette or RGB`);
  }
  return header;
}

function decodeWithFastPng(
  bytes: Uint8Array,
  path: string,
): { readonly data: Uint8Array; readonly palette: readonly (readonly number[])[] | null } {
  try {
    // A separate buffer keeps fast-png from reading past the end of a truncated file into Node's shared pool.
    const alone = bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice();
    const { data, palette = null } = decode(alone, { checkCrc: true });
    return { data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength), palette };
  } catch (cause) {
    throw unreadableFile(path, { what: 'damaged or truncated PNG', cause });
  }
}

/** Returns null without an engine, for forms it does not support, and for damaged files, which fast-png then describes. */
function decodeWithEngine(bytes: Uint8Array): { readonly data: Uint8Array; readonly palette: null } | null {
  const kernels = imageKernels();
  if (kernels === null) return null;
  try {
    const header = kernels.readPngHeader(bytes);
    if (header === null) return null;
    return { data: kernels.decodePngRows(bytes, { header, first: 0, count: header.height }), palette: null };
  } catch (error) {
    if (error instanceof OperationError) return null;
    throw error;
  }
}

/**
 * Fills `labels` with the meaning of every stride-th sample. Returns the index of the first label whose meaning is
 * negative, or −1 when all have a meaning.
 */
export function mapSamples(
  samples: Uint8Array,
  labels: Uint8Array,
  { stride, meanings }: { readonly stride: number; readonly meanings: Int32Array },
): number {
  const kernels = imageKernels();
  if (kernels !== null) return kernels.mapBytes(samples, stride, meanings, labels);
  for (let pixel = 0; pixel < labels.length; pixel++) {
    const meaning = meanings[samples[pixel * stride] as number] as number;
    if (meaning < 0) return pixel;
    labels[pixel] = meaning;
  }
  return -1;
}

/** Unpacks 1-, 2- or 4-bit samples, whose rows are padded to whole bytes, into one byte a pixel. */
function unpackBits(packed: Uint8Array, { width, height, depth }: PngHeader): Uint8Array {
  const rowBytes = Math.ceil((width * depth) / 8);
  const mask = (1 << depth) - 1;
  const raw = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const bit = x * depth;
      const byte = packed[y * rowBytes + (bit >> 3)] as number;
      raw[y * width + x] = (byte >> (8 - depth - (bit & 7))) & mask;
    }
  }
  return raw;
}

/** Fills `labels`. Returns the first pixel whose value is neither a class nor ignored, or −1. */
function labelsFromValues(
  raw: Uint8Array,
  labels: Uint8Array,
  { channels, classList }: { readonly channels: number; readonly classList: ClassList },
): number {
  const meanings = new Int32Array(256).fill(-1);
  for (const index of classList.classes.keys()) meanings[index] = index;
  meanings[ignoreIndex] = ignoreIndex;
  meanings[classList.ignoredValue] = ignoreIndex;
  return mapSamples(raw, labels, { stride: channels, meanings });
}

/** Fills `labels`. Returns the first pixel whose color is neither of a class nor ignored, or −1. */
function labelsFromColors(
  raw: Uint8Array,
  labels: Uint8Array,
  options: { readonly channels: number; readonly path: string; readonly classList: ClassList },
): number {
  const { channels, path, classList } = options;
  const meaning = new Map<number, number>();
  for (const [index, { name, color }] of classList.classes.entries()) {
    const key = (color[0] << 16) | (color[1] << 8) | color[2];
    const other = meaning.get(key);
    if (other !== undefined) {
      const names = `'${classList.classes[other]?.name}' and '${name}'`;
      throw new DataError(
        `${path}: RGB labels need a color for each class, but ${names} share ${color.join(',')}`,
      );
    }
    meaning.set(key, index);
  }
  if (!meaning.has(0)) meaning.set(0, ignoreIndex);
  // Neighboring pixels mostly share a color, so the map is only looked up where it changes.
  let lastKey = -1;
  let lastLabel = ignoreIndex;
  for (let pixel = 0, at = 0; pixel < labels.length; pixel++, at += channels) {
    const key = ((raw[at] as number) << 16) | ((raw[at + 1] as number) << 8) | (raw[at + 2] as number);
    if (key !== lastKey) {
      const label = meaning.get(key);
      if (label === undefined) return pixel;
      lastKey = key;
      lastLabel = label;
    }
    labels[pixel] = lastLabel;
  }
  return -1;
}
