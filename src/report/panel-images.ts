/** Pictures as data URIs: photographs lossy, label maps and color maps in exact colors. */
import sharp from 'sharp';
import type { DatasetClass } from '../data/index.js';
import { type ColorScale, colored } from '../figures/internal.js';

export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** Wider pictures are reduced: a report is looked at, and eight megapixels a panel would make it unwieldy. */
const widest = 640;

/** @param image height × width × RGB */
export async function photoUri(image: Uint8Array, { width, height }: PictureSize): Promise<string> {
  const picture = sharp(image, { raw: { width, height, channels: 3 } });
  const webp = await picture
    .resize({ width: Math.min(width, widest) })
    .webp({ quality: 82 })
    .toBuffer();
  return `data:image/webp;base64,${webp.toString('base64')}`;
}

/** @param rgba height × width × RGBA of a photograph with something painted on it */
export async function paintedUri(rgba: Uint8Array, size: PictureSize): Promise<string> {
  return exactUri(rgba, { ...size, kernel: 'cubic' });
}

/** @param labels height × width class ids; what is no class stays transparent */
export async function labelsUri(
  labels: Uint8Array,
  { classes, ...size }: PictureSize & { classes: readonly DatasetClass[] },
): Promise<string> {
  const rgba = new Uint8Array(labels.length * 4);
  for (const [pixel, id] of labels.entries()) {
    const color = classes[id]?.color;
    if (color !== undefined) rgba.set([...color, 255], pixel * 4);
  }
  return exactUri(rgba, { ...size, kernel: 'nearest' });
}

/** @param values height × width; NaN stays transparent */
export async function mapUri(
  values: Float32Array,
  { scale, low, high, ...size }: PictureSize & { scale: ColorScale; low: number; high: number },
): Promise<string> {
  return exactUri(colored(values, { scale, low, high }), { ...size, kernel: 'cubic' });
}

async function exactUri(
  rgba: Uint8Array,
  { width, height, kernel }: PictureSize & { kernel: 'nearest' | 'cubic' },
): Promise<string> {
  const picture = sharp(rgba, { raw: { width, height, channels: 4 } });
  const resized = width > widest ? picture.resize({ width: widest, kernel }) : picture;
  const format = kernel === 'nearest' ? { lossless: true } : { quality: 86, alphaQuality: 100 };
  const webp = await resized.webp(format).toBuffer();
  return `data:image/webp;base64,${webp.toString('base64')}`;
}
