/** Makes pictures of label maps: in the colors of the classes, or with the class indices as values. */

import sharp from 'sharp';
import { type DatasetClass, ignoreIndex, type LabelMap } from '../../data/index.js';
import { type PictureQuery, shownPart } from './crop.js';

/** Says how a label map is drawn. */
export interface LabelPictureOptions extends Pick<PictureQuery, 'crop' | 'width'> {
  readonly classes: readonly DatasetClass[];
  /** Is `colors` for a picture that lies over the image, transparent where nothing is labeled, or `values` for indices. */
  readonly form: 'colors' | 'values';
}

/**
 * Returns a picture of a label map as a PNG file. A smaller one shows the label at the middle of each of its pixels, so that
 * no class appears that is not there.
 *
 * @throws {RequestError} when the part lies outside the map
 */
export async function labelPicture(
  { labels, ...size }: LabelMap,
  { classes, form, ...query }: LabelPictureOptions,
): Promise<Uint8Array> {
  const { part, target } = shownPart(query, size);
  const { width, height } = target;
  const picked = new Uint8Array(width * height);
  for (let row = 0; row < height; row++) {
    const from = (part.top + Math.floor(((row + 0.5) * part.height) / height)) * size.width;
    for (let column = 0; column < width; column++) {
      const at = from + part.left + Math.floor(((column + 0.5) * part.width) / width);
      picked[row * width + column] = labels[at] as number;
    }
  }
  if (form === 'values') {
    return sharp(picked, { raw: { width, height, channels: 1 } })
      .toColourspace('b-w')
      .png()
      .toBuffer();
  }
  return sharp(colored(picked, classes), { raw: { width, height, channels: 4 } })
    .png({ compressionLevel: 3 })
    .toBuffer();
}

/** Returns red, green, blue and opacity [pixels, 4] of class indices. */
function colored(indices: Uint8Array, classes: readonly DatasetClass[]): Uint8Array {
  const palette = new Uint32Array(256);
  const bytes = new Uint8Array(palette.buffer);
  for (const [index, { color }] of classes.entries()) {
    if (index !== ignoreIndex) bytes.set([...color, 255], 4 * index);
  }
  const pixels = new Uint32Array(indices.length);
  for (const [pixel, index] of indices.entries()) pixels[pixel] = palette[index] as number;
  return new Uint8Array(pixels.buffer);
}
