/** Shows labels in the colors of their classes. */

import { type DatasetClass, ignoreIndex } from '../classes.js';

/**
 * Returns a copy of an RGB image [height, width, 3] with the colors of the classes laid over it. Pixels that are ignored
 * keep their color.
 */
export function overlayLabels(
  image: Uint8Array,
  {
    labels,
    classes,
    alpha = 0.5,
  }: {
    /** Holds class indices [height, width], and 255 for ignored pixels. */
    readonly labels: Uint8Array;
    readonly classes: readonly DatasetClass[];
    /** Sets the opacity of the colors, between 0 and 1. */
    readonly alpha?: number;
  },
): Uint8Array {
  const table = new Uint8Array(256 * 3);
  for (const [index, { color }] of classes.entries()) table.set(color, index * 3);
  const blended = image.slice();
  for (let pixel = 0; pixel < labels.length; pixel++) {
    const label = labels[pixel] as number;
    if (label === ignoreIndex) continue;
    for (let channel = 0; channel < 3; channel++) {
      const at = pixel * 3 + channel;
      const color = table[label * 3 + channel] as number;
      blended[at] = Math.round((image[at] as number) * (1 - alpha) + color * alpha);
    }
  }
  return blended;
}
