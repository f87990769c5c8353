/** Summarizes the sizes of a split's images. */

import type { Size } from '../data/index.js';
import type { SizeSummary } from './dataset-inspection.js';

/** Counts image sizes. Memory grows only with the number of different sizes. */
export class SizeTally {
  readonly #sizes = new Map<string, { readonly size: Size; images: number }>();

  add({ width, height }: Size): void {
    const key = `${width}×${height}`;
    const known = this.#sizes.get(key) ?? { size: { width, height }, images: 0 };
    known.images++;
    this.#sizes.set(key, known);
  }

  /** Returns the smallest, median and largest size by area, in pixels; null when no image was added. */
  summary(): SizeSummary | null {
    const area = ({ size }: { readonly size: Size }): number => size.width * size.height;
    const sizes = [...this.#sizes.values()].sort((a, b) => area(a) - area(b));
    const [smallest, largest] = [sizes[0], sizes.at(-1)];
    if (smallest === undefined || largest === undefined) return null;
    const images = sizes.reduce((sum, entry) => sum + entry.images, 0);
    const mostCommon = sizes.reduce((best, entry) => (entry.images > best.images ? entry : best));
    let passed = 0;
    const median = sizes.find((entry) => {
      passed += entry.images;
      return 2 * passed >= images;
    });
    return {
      images,
      smallest: smallest.size,
      median: (median ?? largest).size,
      largest: largest.size,
      mostCommon: { ...mostCommon.size, images: mostCommon.images },
    };
  }
}
