/** Writes pictures as data URIs: photographs and maps of numbers with some loss, label maps in their exact colors. */

import sharp, { type Sharp } from 'sharp';
import { type DatasetClass, visibleColors } from '../data/index.js';
import { classPixels, mapPixels, type NumberColors, picture } from '../figures/internal.js';

/** Gives the size of a picture in pixels. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** Wider pictures are reduced: eight megapixels a panel would make a report too large to open. */
const widest = 640;

/**
 * Writes a photograph.
 *
 * @param image height × width × channels, of which the first three are shown, or the first as gray
 */
export async function photoUri(image: Uint8Array, { width, height }: PictureSize): Promise<string> {
  const photo = sharp(visibleColors(image, { width, height }), { raw: { width, height, channels: 3 } });
  return uriOf(photo.resize({ width: Math.min(width, widest) }).webp({ quality: 82 }));
}

/**
 * Writes a photograph with something painted on it.
 *
 * @param rgba height × width × 4
 */
export async function paintedUri(rgba: Uint8Array, size: PictureSize): Promise<string> {
  return uriOf(picture(rgba, { ...size, widest }).webp({ quality: 86, alphaQuality: 100 }));
}

/**
 * Writes labels in the colors of their classes; a pixel without a class is transparent.
 *
 * @param labels class ids, height × width
 */
export async function labelsUri(
  labels: Uint8Array,
  { classes, ...size }: PictureSize & { readonly classes: readonly DatasetClass[] },
): Promise<string> {
  const pixels = classPixels(labels, { classes });
  return uriOf(picture(pixels, { ...size, widest, smooth: false }).webp({ lossless: true }));
}

/**
 * Writes a map of one number; a pixel that is NaN is transparent.
 *
 * @param values height × width
 */
export async function mapUri(
  values: Float32Array,
  { scale, low, high, ...size }: PictureSize & NumberColors,
): Promise<string> {
  return paintedUri(mapPixels(values, { scale, low, high }), size);
}

async function uriOf(webp: Sharp): Promise<string> {
  return `data:image/webp;base64,${(await webp.toBuffer()).toString('base64')}`;
}
