/** Draws the part of a resized image that a training crop shows. */

import type { ImageKernels } from '../../torch/internal.js';
import { ignoreIndex } from '../classes.js';
import type { Size } from '../images/size.js';
import type { RandomStream } from '../random.js';
import { type CropWindow, labelTaps } from './resize-taps.js';

const tries = 10;

/** Gives a place of an image as fractions of its width and height. */
export interface CropFocus {
  readonly x: number;
  readonly y: number;
}

/**
 * Draws a window of at most the size `crop`, as mmsegmentation does: up to ten windows are drawn until one shows at least
 * two classes of which none has `categoryMaxRatio` or more of the labeled pixels; an eleventh is used whatever it shows.
 * `labels` [source.height, source.width] are counted as if they were resized to `scaled` by nearest neighbor.
 *
 * With a `focus` one window is drawn, evenly among those that show this place, whatever classes it shows.
 */
export function chooseCrop(
  labels: Uint8Array,
  options: {
    readonly source: Size;
    readonly scaled: Size;
    readonly crop: Size;
    readonly categoryMaxRatio: number;
    readonly focus?: CropFocus | undefined;
    readonly random: RandomStream;
    readonly kernels: Pick<ImageKernels, 'countLabels'>;
  },
): CropWindow {
  const { source, scaled, crop, categoryMaxRatio, focus, random, kernels } = options;
  const width = Math.min(crop.width, scaled.width);
  const height = Math.min(crop.height, scaled.height);
  if (focus !== undefined) {
    const top = startAround(focus.y, { length: height, whole: scaled.height, random });
    const left = startAround(focus.x, { length: width, whole: scaled.width, random });
    return { left, top, width, height };
  }
  const draw = (): CropWindow => {
    const top = random.integer(scaled.height - height + 1);
    const left = random.integer(scaled.width - width + 1);
    return { left, top, width, height };
  };
  let window = draw();
  if (categoryMaxRatio >= 1) return window;
  const wholeMap = { left: 0, top: 0, ...scaled };
  const all = labelTaps({ source, scaled, window: wholeMap, mirrored: false });
  const counts = new Int32Array(256);
  for (let attempt = 0; attempt < tries; attempt++) {
    const columns = all.columns.subarray(window.left, window.left + width);
    const rows = all.rows.subarray(window.top, window.top + height);
    kernels.countLabels(labels, source.width, columns, rows, counts);
    if (isVaried(counts, categoryMaxRatio)) return window;
    window = draw();
  }
  return window;
}

/** Draws where a span of `length` begins that holds a place, and moves it inside the whole where it lies beyond an edge. */
function startAround(
  fraction: number,
  {
    length,
    whole,
    random,
  }: { readonly length: number; readonly whole: number; readonly random: RandomStream },
): number {
  const place = Math.min(whole - 1, Math.floor(fraction * whole));
  const start = place - random.integer(length);
  return Math.min(Math.max(start, 0), whole - length);
}

function isVaried(counts: Int32Array, categoryMaxRatio: number): boolean {
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
