/** Which part of the resized image a training crop shows. */

import { ignoreIndex } from './dataset.js';
import type { RandomStream } from './random.js';
import { type CropWindow, nearestTaps, type Size } from './resize.js';

const tries = 10;

/**
 * Draws a window of at most `crop`'s size, mmsegmentation's way: up to ten windows are drawn until one shows at least
 * two classes of which none has `categoryMaxRatio` or more of the labelled pixels; an eleventh is taken as it comes.
 * `labels` are [source.height, source.width], and looked at as if resized to `scaled` by nearest neighbour.
 */
export function chooseCrop(
  labels: Uint8Array,
  options: {
    readonly source: Size;
    readonly scaled: Size;
    readonly crop: Size;
    readonly categoryMaxRatio: number;
    readonly random: RandomStream;
  },
): CropWindow {
  const { source, scaled, crop, categoryMaxRatio, random } = options;
  const width = Math.min(crop.width, scaled.width);
  const height = Math.min(crop.height, scaled.height);
  const draw = (): CropWindow => {
    const top = random.integer(scaled.height - height + 1);
    const left = random.integer(scaled.width - width + 1);
    return { left, top, width, height };
  };
  let window = draw();
  if (categoryMaxRatio >= 1) return window;
  const columns = nearestTaps(source.width, scaled.width, { start: 0, length: scaled.width });
  const rows = nearestTaps(source.height, scaled.height, { start: 0, length: scaled.height });
  const counts = new Uint32Array(256);
  for (let attempt = 0; attempt < tries; attempt++) {
    counts.fill(0);
    for (let y = window.top; y < window.top + height; y++) {
      const start = (rows[y] as number) * source.width;
      for (let x = window.left; x < window.left + width; x++) {
        const label = labels[start + (columns[x] as number)] as number;
        counts[label] = (counts[label] as number) + 1;
      }
    }
    if (isVaried(counts, categoryMaxRatio)) return window;
    window = draw();
  }
  return window;
}

function isVaried(counts: Uint32Array, categoryMaxRatio: number): boolean {
  let present = 0;
  let total = 0;
  let most = 0;
  for (let label = 0; label < ignoreIndex; label++) {
    const count = counts[label] as number;
    if (count === 0) continue;
    present++;
    total += count;
    most = Math.max(most, count);
  }
  return present > 1 && most / total < categoryMaxRatio;
}
