/** Gives the colors of maps of one number, as classes whose index is the byte of the value. */

import type { DatasetClass } from '../../data/index.js';
import { confidenceScale, mapPixels, weightScale } from '../../figures/internal.js';

const byteCount = 255;

/** Returns a color for each byte of a map; 255, which stands for no value, has none. */
export function scaleClasses(layer: 'confidence' | 'weight'): DatasetClass[] {
  const scale = layer === 'confidence' ? confidenceScale : weightScale;
  const values = Float32Array.from({ length: byteCount }, (_, byte) => byte);
  const pixels = mapPixels(values, { scale, low: 0, high: byteCount - 1 });
  return Array.from({ length: byteCount }, (_, byte) => {
    const [red = 0, green = 0, blue = 0] = pixels.subarray(4 * byte, 4 * byte + 3);
    return { name: `${byte}`, color: [red, green, blue] };
  });
}
