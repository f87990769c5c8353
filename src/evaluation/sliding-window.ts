/**
 * Lays the overlapping windows by which an image is predicted, for networks that were trained on one size, or images too
 * large for memory. Windows and average follow mmsegmentation's `slide_inference`: a window that would leave the image is
 * moved back inside, and logits are averaged where windows overlap, before the softmax.
 */

/** Sets size and distance of windows. */
export interface SlidingWindow {
  /** Sets [height, width] of a window, in pixels of the image as it enters the network. A smaller image is one window. */
  readonly cropSize: readonly [height: number, width: number];
  /** Sets the distance from one window to the next, at most `cropSize`. */
  readonly stride: readonly [vertical: number, horizontal: number];
}

/** Holds a window's extent along one side, in pixels. */
export interface WindowSpan {
  readonly start: number;
  readonly length: number;
}

/** Returns the windows along a side of `total` pixels; the last one ends where the side ends. */
export function windowSpans(
  total: number,
  { length, stride }: { readonly length: number; readonly stride: number },
): WindowSpan[] {
  const count = Math.ceil(Math.max(total - length, 0) / stride) + 1;
  return Array.from({ length: count }, (_, index) => {
    const end = Math.min(index * stride + length, total);
    const start = Math.max(end - length, 0);
    return { start, length: end - start };
  });
}

/** Returns how many windows cover each of the places first … first + count − 1 of a side. */
export function coverage(
  spans: readonly WindowSpan[],
  { first, count }: { readonly first: number; readonly count: number },
): Float32Array {
  const counts = new Float32Array(count);
  for (const { start, length } of spans) {
    const end = Math.min(start + length, first + count);
    for (let place = Math.max(start, first); place < end; place += 1) {
      counts[place - first] = (counts[place - first] as number) + 1;
    }
  }
  return counts;
}
