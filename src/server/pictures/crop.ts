/** Says which part of an image a picture shows, and how large. */

import { z } from 'zod';
import type { Size } from '../../data/index.js';
import { RequestError } from '../errors/server-error.js';

/** Is a part of an image in its pixels. */
export interface Part extends Size {
  readonly left: number;
  readonly top: number;
}

const crop = z
  .string()
  .regex(/^\d{1,6},\d{1,6},\d{1,6},\d{1,6}$/, 'expected left,top,width,height in pixels')
  .transform((text): Part => {
    const [left = 0, top = 0, width = 0, height = 0] = text.split(',').map(Number);
    return { left, top, width, height };
  });

/** Names an image and its part. Without `crop` it is the whole image; `width` makes it smaller, never larger. */
export const pictureQuery = z.object({
  split: z.string().min(1),
  name: z.string().min(1),
  crop: crop.optional(),
  width: z.coerce.number().int().min(8).max(8192).optional(),
});

/** Is what a call says about the picture that it wants. */
export type PictureQuery = z.output<typeof pictureQuery>;

/**
 * Returns the part of an image that is shown, cut at the image's edges, and the size of its picture.
 *
 * @throws {RequestError} when the part lies outside the image
 */
export function shownPart(
  { crop: wanted, width }: Pick<PictureQuery, 'crop' | 'width'>,
  size: Size,
): { readonly part: Part; readonly target: Size } {
  const { left, top, ...given } = wanted ?? { left: 0, top: 0, ...size };
  const part = {
    ...{ left, top },
    width: Math.min(given.width, size.width - left),
    height: Math.min(given.height, size.height - top),
  };
  if (part.width <= 0 || part.height <= 0) {
    throw new RequestError(`crop: lies outside the image of ${size.width}×${size.height} pixels`);
  }
  const scale = width === undefined ? 1 : Math.min(1, width / part.width);
  const target = {
    width: Math.max(1, Math.round(part.width * scale)),
    height: Math.max(1, Math.round(part.height * scale)),
  };
  return { part, target };
}
