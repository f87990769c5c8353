/** Label maps made visible, and written to files. */

import { writeFile } from 'node:fs/promises';
import { encode } from 'fast-png';
import sharp from 'sharp';
import { type DatasetClass, ignoreIndex } from '../datasets/dataset.js';
import type { Size } from './region.js';

/** Labels [height, width] as RGB [height, width, 3] in the classes' colors; ignored pixels are black. */
export function colorLabels(labels: Uint8Array, classes: readonly DatasetClass[]): Uint8Array {
  const table = colorTable(classes);
  const colors = new Uint8Array(labels.length * 3);
  for (let pixel = 0, out = 0; pixel < labels.length; pixel++, out += 3) {
    const entry = (labels[pixel] as number) * 3;
    colors[out] = table[entry] as number;
    colors[out + 1] = table[entry + 1] as number;
    colors[out + 2] = table[entry + 2] as number;
  }
  return colors;
}

/**
 * The classes' colors laid over an RGB image [height, width, 3] with opacity `alpha`; where labels are ignored the
 * image stays as it is.
 */
export function overlayLabels(
  image: Uint8Array,
  options: {
    readonly labels: Uint8Array;
    readonly classes: readonly DatasetClass[];
    readonly alpha?: number;
  },
): Uint8Array {
  const { labels, classes, alpha = 0.5 } = options;
  const table = colorTable(classes);
  const blended = image.slice();
  for (let pixel = 0; pixel < labels.length; pixel++) {
    const label = labels[pixel] as number;
    if (label === ignoreIndex) continue;
    for (let channel = 0; channel < 3; channel++) {
      const at = pixel * 3 + channel;
      const color = table[label * 3 + channel] as number;
      blended[at] = Math.round((image[at] as number) * (1 - alpha) + color * alpha);
    }
  }
  return blended;
}

/** Writes RGB [height, width, 3] as a PNG. */
export async function writeColorPng(path: string, { pixels, size }: PngContent): Promise<void> {
  await sharp(pixels, { raw: { ...size, channels: 3 } })
    .png()
    .toFile(path);
}

/** Writes labels [height, width] as an 8-bit gray PNG: value = class index, 255 = ignored. */
export async function writeLabelPng(path: string, { pixels, size }: PngContent): Promise<void> {
  await sharp(pixels, { raw: { ...size, channels: 1 } })
    .toColourspace('b-w')
    .png()
    .toFile(path);
}

/**
 * Writes labels [height, width] as a palette PNG, which viewers show in the classes' colors and whose raw indices
 * are the labels. (Made by fast-png: sharp chooses a palette's order itself.)
 */
export async function writePaletteLabelPng(
  path: string,
  { pixels, size, classes }: PngContent & { readonly classes: readonly DatasetClass[] },
): Promise<void> {
  const table = colorTable(classes);
  const palette = Array.from({ length: 256 }, (_, index) => [...table.subarray(index * 3, index * 3 + 3)]);
  await writeFile(
    path,
    encode({ ...size, data: pixels, channels: 1, depth: 8, palette }, { zlib: { level: 6 } }),
  );
}

/** Pixels and their size. */
export interface PngContent {
  readonly pixels: Uint8Array;
  readonly size: Size;
}

/** 256 colors of three bytes; black for what is no class. */
function colorTable(classes: readonly DatasetClass[]): Uint8Array {
  const table = new Uint8Array(256 * 3);
  for (const [index, { color }] of classes.entries()) table.set(color, index * 3);
  return table;
}
