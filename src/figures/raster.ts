/** Turns photographs, label maps and maps of one number into RGBA pixels, and drawings into PNG files. */

import sharp, { type Sharp } from 'sharp';
import { type DatasetClass, type Sample, visibleColors } from '../data/index.js';
import type { ColorScale } from './palette.js';

/** Returns RGBA pixels of a photograph. */
export function photoPixels({
  image,
  width,
  height,
}: Pick<Sample, 'image' | 'width' | 'height'>): Uint8Array {
  const rgba = new Uint8Array(width * height * 4).fill(255);
  const colors = visibleColors(image, { width, height });
  for (let pixel = 0; pixel < width * height; pixel += 1) {
    for (let channel = 0; channel < 3; channel += 1) {
      rgba[pixel * 4 + channel] = colors[pixel * 3 + channel] as number;
    }
  }
  return rgba;
}

/** Configures how labels are colored. */
export interface ClassColors {
  readonly classes: readonly DatasetClass[];
  /** Likelihood of each pixel's class, 0..1; less likely classes are darker. */
  readonly likelihood?: Float32Array;
}

/** Returns RGBA pixels in the colors of the classes; a pixel without a class is transparent. */
export function classPixels(labels: Uint8Array, { classes, likelihood }: ClassColors): Uint8Array {
  const rgba = new Uint8Array(labels.length * 4);
  for (const [pixel, id] of labels.entries()) {
    const color = classes[id]?.color;
    if (color === undefined) continue;
    const share = likelihood === undefined ? 1 : (likelihood[pixel] as number);
    for (const channel of [0, 1, 2] as const) rgba[pixel * 4 + channel] = Math.round(color[channel] * share);
    rgba[pixel * 4 + 3] = 255;
  }
  return rgba;
}

/** Configures how numbers are colored: `low` gets the first color of the scale, `high` the last. */
export interface NumberColors {
  readonly scale: ColorScale;
  readonly low: number;
  readonly high: number;
}

/** Returns RGBA pixels of a map of one number; a pixel that is NaN is transparent. */
export function mapPixels(values: Float32Array, { scale, low, high }: NumberColors): Uint8Array {
  const rgba = new Uint8Array(values.length * 4);
  const lastAnchor = scale.length - 1;
  for (const [pixel, value] of values.entries()) {
    if (Number.isNaN(value)) continue;
    const place = Math.min(1, Math.max(0, (value - low) / (high - low))) * lastAnchor;
    const below = Math.min(lastAnchor - 1, Math.floor(place));
    const from = scale[below] as readonly number[];
    const to = scale[below + 1] as readonly number[];
    for (let channel = 0; channel < 3; channel += 1) {
      const start = from[channel] as number;
      rgba[pixel * 4 + channel] = Math.round(start + (place - below) * ((to[channel] as number) - start));
    }
    rgba[pixel * 4 + 3] = 255;
  }
  return rgba;
}

/** Configures the picture made of RGBA pixels. */
export interface PictureOptions {
  readonly width: number;
  readonly height: number;
  /** Wider pictures are reduced to this width. */
  readonly widest?: number;
  /** Mixes neighboring pixels when a picture is reduced; false keeps the exact colors of label maps. */
  readonly smooth?: boolean;
}

/** Returns RGBA pixels as a picture that can be encoded in any format. */
export function picture(
  rgba: Uint8Array,
  { width, height, widest = 720, smooth = true }: PictureOptions,
): Sharp {
  const whole = sharp(rgba, { raw: { width, height, channels: 4 } });
  return width > widest ? whole.resize({ width: widest, kernel: smooth ? 'cubic' : 'nearest' }) : whole;
}

/** Returns RGBA pixels as the data URI of a PNG. */
export async function pngUri(rgba: Uint8Array, options: PictureOptions): Promise<string> {
  const png = await picture(rgba, options).png().toBuffer();
  return `data:image/png;base64,${png.toString('base64')}`;
}

/** Renders an SVG drawing as a PNG, with one and a half pixels for each of the drawing's. */
export function drawingToPng(svg: string): Promise<Buffer> {
  // Embedded pictures exceed the parser's default limit on the length of a text.
  return sharp(Buffer.from(svg), { density: 108, unlimited: true }).png().toBuffer();
}
