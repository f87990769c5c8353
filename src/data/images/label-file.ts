/**
 * Label files: PNGs in which a pixel says which class it is, by value (gray or palette index) or by color.
 * They are decoded by fast-png because sharp expands palettes, which loses the indices.
 */

import { open, readFile } from 'node:fs/promises';
import { decode } from 'fast-png';
import { DataError, OperationError } from '../../errors/index.js';
import { imageKernels } from '../../torch/internal.js';
import type { ClassList } from '../datasets/classes.js';
import { ignoreIndex } from '../datasets/dataset.js';
import { failureReason } from '../files/failure-reason.js';
import { type PngHeader, parsePngHeader, pngHeaderLength } from './png-header.js';

/** A decoded label file: [height, width], class indices and 255 for ignored pixels. */
export interface LabelMap {
  readonly width: number;
  readonly height: number;
  readonly labels: Uint8Array;
}

/** The size of a label file, from its header alone. Throws a DataError when it is no PNG that can hold labels. */
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
    throw unreadable(path, cause);
  }
  return labelHeader(bytes, path);
}

/**
 * Reads a label PNG: 8-bit gray (value = class index; 1, 2 and 4 bits too), palette (raw index = class index), or RGB
 * (color of the class list; black is ignored unless it is a class's color). Alpha is dropped.
 *
 * Throws a DataError naming the file, the value or color, and its first pixel (column, row) when a pixel is of no
 * class of the list, and when the file is damaged or holds 16-bit samples.
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

/** What a label file holds, before any class list gives it a meaning. */
export interface LabelSamples {
  readonly header: PngHeader;
  /** [height, width, channels], 8 bits each; of a palette PNG the indices. */
  readonly samples: Uint8Array;
  readonly channels: number;
  /** Whether the first three channels are a color; otherwise the first one is a value. */
  readonly inColor: boolean;
  /** Red, green and blue (and alpha) of each index, for a palette PNG. */
  readonly palette: readonly (readonly number[])[] | null;
}

/**
 * Decodes a label PNG of any form that `readLabels` takes. Throws a DataError when it is damaged or of another form.
 * Without `withPalette` the palette is null, which lets the engine decode such files.
 */
export async function readLabelSamples(
  path: string,
  { withPalette = false }: { readonly withPalette?: boolean } = {},
): Promise<LabelSamples> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  const header = labelHeader(bytes, path);
  const { width, height, color } = header;
  const wantsPalette = withPalette && color === 'palette';
  const { data, palette } = (wantsPalette ? null : decodeQuickly(bytes)) ?? decodePng(bytes, path);
  const samples = header.depth < 8 ? unpackBits(data, header) : data;
  const channels = color === 'rgb' ? 3 : color === 'rgb-alpha' ? 4 : color === 'gray-alpha' ? 2 : 1;
  if (samples.length !== width * height * channels) {
    throw new DataError(`${path}: damaged PNG: ${samples.length} samples for ${width}×${height} pixels`);
  }
  return { header, samples, channels, inColor: channels >= 3, palette };
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

function decodePng(
  bytes: Uint8Array,
  path: string,
): { readonly data: Uint8Array; readonly palette: readonly (readonly number[])[] | null } {
  try {
    // A buffer of its own, so that a truncated file cannot be read past its end into a shared pool.
    const alone = bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice();
    const { data, palette = null } = decode(alone, { checkCrc: true });
    return { data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength), palette };
  } catch (cause) {
    throw new DataError(`${path}: damaged or truncated PNG (${failureReason(cause, path)})`, { cause });
  }
}

/** By the engine; null for what it does not take, and what is wrong with a file the other decoder tells. */
function decodeQuickly(bytes: Uint8Array): { readonly data: Uint8Array; readonly palette: null } | null {
  const kernels = imageKernels();
  if (kernels === null) return null;
  try {
    const form = kernels.pngForm(bytes);
    if (form === null) return null;
    return { data: kernels.decodePng(bytes, { form, first: 0, count: form.height }), palette: null };
  } catch (error) {
    if (error instanceof OperationError) return null;
    throw error;
  }
}

/**
 * Fills `labels` with the meaning of every stride-th sample. Gives the first place whose meaning is negative, or −1.
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

/** One byte for each pixel from rows of 1-, 2- or 4-bit samples, each row padded to whole bytes. */
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

/** Fills `labels`; the first pixel whose value is neither a class nor ignored, or −1. */
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

/** As `labelsFromValues`, for colors. */
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
  // Neighbors mostly share a color, so that the map is asked only where it changes.
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

function unreadable(path: string, cause: unknown): DataError {
  return new DataError(`${path}: cannot be read (${failureReason(cause, path)})`, { cause });
}
