/** Labels the pixels around points. */

import type { Size } from '../images/size.js';

/** Holds pixels with their classes, in reading order. */
export interface LabeledPixels {
  readonly pixels: Uint32Array;
  readonly classes: Uint8Array;
}

/**
 * Returns the pixels of an image whose distance from a point is at most `radius`, with the class of the nearest point. Of
 * two points at the same distance the earlier one counts.
 */
export function pixelsAround(
  points: readonly { readonly x: number; readonly y: number; readonly label: number }[],
  { size: { width, height }, radius }: { readonly size: Size; readonly radius: number },
): LabeledPixels {
  const found = new Map<number, { readonly label: number; readonly distance: number }>();
  const reach = Math.floor(radius);
  for (const { x, y, label } of points) {
    for (let row = Math.max(0, y - reach); row <= Math.min(height - 1, y + reach); row++) {
      for (let column = Math.max(0, x - reach); column <= Math.min(width - 1, x + reach); column++) {
        const distance = (row - y) ** 2 + (column - x) ** 2;
        if (distance > radius ** 2) continue;
        const pixel = row * width + column;
        const before = found.get(pixel);
        if (before === undefined || distance < before.distance) found.set(pixel, { label, distance });
      }
    }
  }
  const pixels = Uint32Array.from(found.keys()).sort();
  return { pixels, classes: Uint8Array.from(pixels, (pixel) => found.get(pixel)?.label ?? 0) };
}
