/** Covers parts of a label image with what lies around them. */

import type { Size } from '../data/index.js';

/**
 * Returns the labels [height, width] with every open pixel given to the label that reaches it first in 4-neighbor steps from
 * pixels that are not open; null where all are open.
 */
export function spreadLabels(
  labels: Uint8Array,
  { width, height, isOpen }: Size & { readonly isOpen: Uint8Array },
): Uint8Array | null {
  const covered = labels.slice();
  const reached = new Uint8Array(labels.length);
  const queue = new Int32Array(labels.length);
  let end = 0;
  for (let pixel = 0; pixel < labels.length; pixel++) {
    if (isOpen[pixel] === 1) continue;
    reached[pixel] = 1;
    queue[end++] = pixel;
  }
  if (end === 0) return null;
  for (let begin = 0; begin < end; begin++) {
    const pixel = queue[begin] as number;
    const x = pixel % width;
    const value = covered[pixel] as number;
    const visit = (next: number): void => {
      if (reached[next] === 1) return;
      reached[next] = 1;
      covered[next] = value;
      queue[end++] = next;
    };
    if (x > 0) visit(pixel - 1);
    if (x + 1 < width) visit(pixel + 1);
    if (pixel >= width) visit(pixel - width);
    if (pixel < (height - 1) * width) visit(pixel + width);
  }
  return covered;
}
