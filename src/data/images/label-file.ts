/**
 * Reads and writes label files: PNGs in which each pixel states its class by value (gray or palette index) or by color.
 * fast-png encodes, so that the same labels always give the same bytes.
 */

import { encode } from 'fast-png';
import { DataError } from '../../errors/index.js';
import { imageKernels } from '../../torch/internal.js';
import { type ClassList, ignoreIndex, unlabeledLabel } from '../classes.js';
import { type LabelSamples, readLabelSamples } from './label-samples.js';
import type { Size } from './size.js';

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
 * Says what states the class of a pixel: `color` its color, also in palette and gray PNGs; `index` its value, also where the
 * palettes of files differ; `auto` the value in gray and palette PNGs, whose palettes must agree, and the color in others.
 */
export type LabelEncoding = 'auto' | 'index' | 'color';

/** Configures `readLabels`. */
export interface LabelReadingOptions {
  readonly encoding?: LabelEncoding;
  /** Takes 0 as not labeled and subtracts 1 from the other values. */
  readonly reduceZeroLabel?: boolean;
}

/**
 * Reads a label PNG: gray (value = class index), palette (index = class index), or RGB (color of the class list; black is
 * not labeled unless it is the color of a class). 16-bit values count where 8 bits hold them. Alpha is dropped.
 *
 * With `reduceZeroLabel`, value 0 is not labeled and value 1 is the first class, as in ADE20K.
 *
 * @throws {DataError} naming the file when it is damaged, of a form that `encoding` excludes, or of colors where zero is
 * reduced; and naming the value or color with its first pixel (column, row) when it belongs to no class of the list
 */
export async function readLabels(
  path: string,
  classList: ClassList,
  { encoding = 'auto', reduceZeroLabel = false }: LabelReadingOptions = {},
): Promise<LabelMap> {
  const stored = await readLabelSamples(path);
  if (stored.inColor && encoding === 'index') {
    throw new DataError(
      `${path}: a PNG of colors, but data.labelEncoding is index; expected gray or palette`,
    );
  }
  if (stored.inColor && reduceZeroLabel) {
    throw new DataError(
      `${path}: a PNG of colors, but data.reduceZeroLabel is about values; expected gray or palette`,
    );
  }
  const { samples, channels, inColor } = stored;
  const { width, height } = stored.header;
  const labels = new Uint8Array(width * height);
  const byColor = encoding === 'color' || inColor;
  const colorMeanings = byColor ? meaningOfColors(classList, path) : null;
  const unknownPixel = inColor
    ? labelsFromColors(samples, labels, { channels, meaning: colorMeanings ?? new Map() })
    : mapSamples(samples, labels, {
        stride: channels,
        meanings:
          colorMeanings === null
            ? meaningOfValues(classList, { first: reduceZeroLabel ? 1 : 0 })
            : meaningOfShades(stored, colorMeanings),
      });
  if (unknownPixel >= 0) {
    const found = byColor
      ? `color ${colorAt(stored, unknownPixel).join(',')}`
      : `label ${samples[unknownPixel * channels]}`;
    throw new DataError(
      `${path}: ${found} at pixel (${unknownPixel % width}, ${Math.floor(unknownPixel / width)}) ` +
        `is not in the list of ${classList.classes.length} classes and not the ignored value`,
    );
  }
  return { width, height, labels };
}

/** Returns the color that a viewer shows for a pixel of a label file. */
function colorAt(stored: LabelSamples, pixel: number): number[] {
  const { samples, channels, inColor } = stored;
  const at = pixel * channels;
  return inColor ? [...samples.subarray(at, at + 3)] : shownColor(stored, samples[at] as number);
}

/** Returns the color that a viewer shows for a gray value or palette index; none for an index beyond the palette. */
export function shownColor(
  { header, palette }: Pick<LabelSamples, 'header' | 'palette'>,
  value: number,
): number[] {
  if (palette !== null) return [...palette.subarray(3 * value, 3 * value + 3)];
  const shade = header.depth < 8 ? Math.round((value * 255) / (2 ** header.depth - 1)) : value;
  return [shade, shade, shade];
}

/** Encodes labels [height, width] as an 8-bit gray PNG whose values are class indices, 255 for ignored pixels. */
export function encodeLabelPng(labels: Uint8Array, { width, height }: Size): Uint8Array {
  return encode({ width, height, data: labels, channels: 1, depth: 8 });
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

/**
 * Returns the label of each value, of which `first` is the first class and those before it are not labeled; −1 for values
 * that are neither of a class nor ignored.
 */
function meaningOfValues(classList: ClassList, { first }: { readonly first: number }): Int32Array {
  const meanings = new Int32Array(256).fill(-1);
  meanings.fill(unlabeledLabel(classList), 0, first);
  for (const index of classList.classes.keys()) meanings[first + index] = index;
  meanings[ignoreIndex] = unlabeledLabel(classList);
  meanings[classList.ignoredValue] = unlabeledLabel(classList);
  return meanings;
}

/** Returns the label of each value or palette index by the color that stands for it; −1 for other colors. */
function meaningOfShades(stored: LabelSamples, colors: ReadonlyMap<number, number>): Int32Array {
  return Int32Array.from({ length: 256 }, (_, value) => {
    const [red, green, blue] = shownColor(stored, value);
    if (red === undefined || green === undefined || blue === undefined) return -1;
    return colors.get((red << 16) | (green << 8) | blue) ?? -1;
  });
}

/** Returns the label of each color, red · 65536 + green · 256 + blue; black is not labeled unless a class has it. */
function meaningOfColors(classList: ClassList, path: string): Map<number, number> {
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
  if (!meaning.has(0)) meaning.set(0, unlabeledLabel(classList));
  return meaning;
}

/** Fills `labels`. Returns the first pixel whose color is neither of a class nor ignored, or −1. */
function labelsFromColors(
  raw: Uint8Array,
  labels: Uint8Array,
  { channels, meaning }: { readonly channels: number; readonly meaning: ReadonlyMap<number, number> },
): number {
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
