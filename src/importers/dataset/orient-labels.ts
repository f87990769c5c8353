/**
 * Turns label maps that were drawn on an image as it is stored into the picture that its EXIF orientation shows, as datasets
 * show images upright.
 */

import type { Size } from '../../data/index.js';
import { swapsSides } from '../../data/internal.js';

/** Returns the size of a stored image as its EXIF orientation, 1 to 8, shows it. */
export function uprightSize({ width, height }: Size, orientation: number): Size {
  return swapsSides(orientation) ? { width: height, height: width } : { width, height };
}

/** Returns the place in the upright picture of the pixel (x, y) of a stored image of this size. */
export function uprightPixel(
  { x, y }: { readonly x: number; readonly y: number },
  { width, height, orientation }: Size & { readonly orientation: number },
): { readonly x: number; readonly y: number } {
  const [right, bottom] = [width - 1 - x, height - 1 - y];
  switch (orientation) {
    case 2:
      return { x: right, y };
    case 3:
      return { x: right, y: bottom };
    case 4:
      return { x, y: bottom };
    case 5:
      return { x: y, y: x };
    case 6:
      return { x: bottom, y: x };
    case 7:
      return { x: bottom, y: right };
    case 8:
      return { x: y, y: right };
    default:
      return { x, y };
  }
}

/** Returns labels [height, width] of a stored image as labels of the upright picture. */
export function uprightLabels(
  labels: Uint8Array,
  stored: Size & { readonly orientation: number },
): Uint8Array {
  if (stored.orientation === 1) return labels;
  const upright = uprightSize(stored, stored.orientation);
  const turned = new Uint8Array(labels.length);
  for (let pixel = 0; pixel < labels.length; pixel++) {
    const place = { x: pixel % stored.width, y: Math.floor(pixel / stored.width) };
    const { x, y } = uprightPixel(place, stored);
    turned[y * upright.width + x] = labels[pixel] as number;
  }
  return turned;
}
