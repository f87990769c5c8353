/** Makes pictures of images: small ones and parts, as JPEG. */

import sharp, { type Sharp } from 'sharp';
import { type ImageReading, readImage, type Size, visibleColors } from '../../data/index.js';
import { readImageHeader } from '../../data/internal.js';
import { type PictureQuery, shownPart } from './crop.js';

/**
 * Returns a picture of an image, or of a part of it, as a JPEG file.
 *
 * @throws {DataError} naming the file when it cannot be read
 * @throws {RequestError} when the part lies outside the image
 */
export async function imagePicture(
  path: string,
  { reading, ...query }: Pick<PictureQuery, 'crop' | 'width'> & { readonly reading: ImageReading },
): Promise<Uint8Array> {
  const header = await readImageHeader(path, reading);
  const { part, target } = shownPart(query, header);
  const isPlain = reading.channels === 3 && header.type === '8-bit' && header.orientation === 1;
  const source =
    isPlain && sharpReads(path) ? sharp(path, { limitInputPixels: false }) : await decoded(path, reading);
  const whole = part.width === header.width && part.height === header.height;
  return (whole ? source : source.extract(part))
    .removeAlpha()
    .toColourspace('srgb')
    .resize(target.width, target.height, { fit: 'fill' })
    .jpeg({ quality: query.crop === undefined && query.width !== undefined ? 80 : 90 })
    .toBuffer();
}

/** Tells by its name whether libvips reads a file; others are read as training reads them. */
function sharpReads(path: string): boolean {
  return /\.(jpe?g|png|webp)$/i.test(path);
}

async function decoded(path: string, reading: ImageReading): Promise<Sharp> {
  const image = await readImage(path, reading);
  const { width, height } = image satisfies Size;
  return sharp(visibleColors(image.image, image), {
    raw: { width, height, channels: 3 },
    limitInputPixels: false,
  });
}
