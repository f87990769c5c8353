/** Colors for classes that come without any. */

import type { Color } from '../datasets/dataset.js';

/**
 * A color for each of `count` ≤ 255 classes, all different and none black (black stands for ignored pixels):
 * the PASCAL VOC color map from its second entry on. Three bits of an entry's number go to the top bits of red,
 * green and blue, the next three to the bits below, and so on, so that neighbors differ strongly.
 */
export function defaultPalette(count: number): Color[] {
  return Array.from({ length: count }, (_, index) => {
    const color: [number, number, number] = [0, 0, 0];
    for (let bits = index + 1, place = 7; bits > 0; bits >>= 3, place--) {
      for (const channel of [0, 1, 2] as const) color[channel] |= ((bits >> channel) & 1) << place;
    }
    return color;
  });
}
