/**
 * Divides images that are too large for a network's memory into windows. A window shows a margin around the part whose
 * features are kept, so that they hardly differ from those of the whole image.
 */

import type { RowRange, Size } from '../data/index.js';

/** Describes a part of one side of an image, in pixels. */
interface Span {
  /** Is what the network sees. */
  readonly shown: RowRange;
  /** Is the part of it whose features are kept. */
  readonly kept: RowRange;
}

/** Describes a part of an image. */
export interface Window {
  readonly rows: Span;
  readonly columns: Span;
}

/** Images up to this number of pixels are read whole: about 2 GiB of memory in the widest layers of a MobileNet. */
const mostPixelsWhole = 2 ** 22;
/** Gives side and margin of a window; both are multiples of 32, the largest stride, so that cells of all maps meet. */
const side = 1536;
const margin = 256;

/** Returns the windows of an image, row by row; a single one for an image that is read whole. */
export function windowsOf({ width, height }: Size): Window[][] {
  const isWhole = width * height <= mostPixelsWhole;
  const spans = (length: number) => (isWhole ? [wholeSpan(length)] : spansOf(length));
  return spans(height).map((rows) => spans(width).map((columns) => ({ rows, columns })));
}

function wholeSpan(length: number): Span {
  const whole = { first: 0, count: length };
  return { shown: whole, kept: whole };
}

function spansOf(length: number): Span[] {
  // A short rest belongs to the window before it.
  const count = Math.max(1, Math.round(length / side));
  return Array.from({ length: count }, (_, place) => {
    const first = place * side;
    const end = place === count - 1 ? length : first + side;
    const start = Math.max(0, first - margin);
    const stop = Math.min(length, end + margin);
    return { shown: { first: start, count: stop - start }, kept: { first, count: end - first } };
  });
}
