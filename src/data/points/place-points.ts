/**
 * Places the points of images into augmented crops of them. A point is put where its pixel's center is shown, so that one
 * that is inside the crop is never lost, as it could be where labels are resized.
 */

import { ignoreIndex } from '../classes.js';
import type { Size } from '../images/size.js';
import type { BatchOrigin } from '../loader/batch-loader.js';
import type { PointLabels } from './point-labels.js';

/** Says what the crops of a batch show. */
export interface PlacePointsOptions {
  /** Says for each crop which part of which image it is. */
  readonly origins: readonly BatchOrigin[];
  /** Is the size of a crop. */
  readonly crop: Size;
}

/**
 * Returns labels [N,H,W] that hold the points which the crops of a batch show, and 255 elsewhere. Where several points fall
 * on one pixel of a crop, the first of the image counts.
 */
export function placePoints(
  points: PointLabels,
  { origins, crop: { width, height } }: PlacePointsOptions,
): Uint8Array {
  const labels = new Uint8Array(origins.length * height * width).fill(ignoreIndex);
  for (const [sample, { index, left, right, top, bottom, mirrored }] of origins.entries()) {
    const image = points.get(index);
    if (image === undefined) continue;
    const start = sample * height * width;
    const { width: columns, height: rows } = image;
    for (const [place, pixel] of image.pixels.entries()) {
      const across = (((pixel % columns) + 0.5) / columns - left) / (right - left);
      const down = ((Math.floor(pixel / columns) + 0.5) / rows - top) / (bottom - top);
      if (!(across >= 0 && across < 1 && down >= 0 && down < 1)) continue;
      const x = Math.floor((mirrored ? 1 - across : across) * width);
      const y = Math.floor(down * height);
      // A place at the very edge of a mirrored crop.
      if (x >= width || y >= height) continue;
      const at = start + y * width + x;
      if (labels[at] === ignoreIndex) labels[at] = image.classes[place] as number;
    }
  }
  return labels;
}
