/** Pictures as pixels: photographs, label maps and maps of one number, and whole drawings as PNG files. */

import sharp from 'sharp';
import type { DatasetClass, Sample } from '../data/index.js';
import { type ColorScale, colored } from './color-map.js';

export interface PixelSize {
  readonly width: number;
  readonly height: number;
}

/** Colors of classes, dimmed by how likely the class is; what is no class stays transparent. */
export function classPixels(
  labels: Uint8Array,
  {
    classes,
    likelihood = null,
  }: { readonly classes: readonly DatasetClass[]; readonly likelihood?: Float32Array | null },
): Uint8Array {
  const rgba = new Uint8Array(labels.length * 4);
  for (const [pixel, id] of labels.entries()) {
    const color = classes[id]?.color;
    if (color === undefined) continue;
    const share = likelihood === null ? 1 : (likelihood[pixel] as number);
    for (const channel of [0, 1, 2] as const) rgba[pixel * 4 + channel] = Math.round(color[channel] * share);
    rgba[pixel * 4 + 3] = 255;
  }
  return rgba;
}

export function photoPixels({
  image,
  width,
  height,
}: Pick<Sample, 'image' | 'width' | 'height'>): Uint8Array {
  const rgba = new Uint8Array(width * height * 4).fill(255);
  for (let pixel = 0; pixel < width * height; pixel += 1) {
    for (let channel = 0; channel < 3; channel += 1) {
      rgba[pixel * 4 + channel] = image[pixel * 3 + channel] as number;
    }
  }
  return rgba;
}

/** @param values NaN stays transparent */
export function mapPixels(
  values: Float32Array,
  range: { readonly scale: ColorScale; readonly low: number; readonly high: number },
): Uint8Array {
  return colored(values, range);
}

/** RGBA pixels as a data URI, at most `widest` wide. */
export async function pngUri(
  rgba: Uint8Array,
  {
    width,
    height,
    widest = 720,
    smooth = true,
  }: PixelSize & { readonly widest?: number; readonly smooth?: boolean },
): Promise<string> {
  const picture = sharp(rgba, { raw: { width, height, channels: 4 } });
  const resized =
    width > widest ? picture.resize({ width: widest, kernel: smooth ? 'cubic' : 'nearest' }) : picture;
  return `data:image/png;base64,${(await resized.png().toBuffer()).toString('base64')}`;
}

/** A drawing as a PNG, one and a half pixels for each of its own. */
export function drawingToPng(svg: string): Promise<Buffer> {
  // Embedded pictures exceed the parser's default limit on the length of a text.
  return sharp(Buffer.from(svg), { density: 108, unlimited: true }).png().toBuffer();
}
