/**
 * Predicts an image by overlapping windows, for networks that were trained on one size, or images too large for memory.
 * Windows and average follow mmsegmentation's `slide_inference`: a window that would leave the image is moved back inside,
 * and logits are averaged where windows overlap, before the softmax.
 */

import { type Device, scope, type Tensor, tensorFrom, zeros } from '../torch/index.js';

/** Sets size and distance of windows. */
export interface SlidingWindow {
  /** Sets [height, width] of a window, in pixels of the image as it enters the network. A smaller image is one window. */
  readonly cropSize: readonly [height: number, width: number];
  /** Sets the distance from one window to the next, at most `cropSize`. */
  readonly stride: readonly [vertical: number, horizontal: number];
}

/** Holds a window's extent along one side, in pixels. */
interface WindowSpan {
  readonly start: number;
  readonly length: number;
}

/** Returns the windows along a side of `total` pixels; the last one ends where the side ends. */
function windowSpans(
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

/**
 * Returns the mean logits of all windows. Memory holds one sum of the image's size and one window.
 * @param inputNCHW float32 [N, channels, H, W] on `device`
 * @param options.forward returns logits of its input's size
 * @returns logits, float32 [N, classes, H, W]
 */
export function slideLogits(
  inputNCHW: Tensor,
  options: {
    readonly window: SlidingWindow;
    readonly forward: (windowNCHW: Tensor) => Tensor;
    readonly device: Device;
  },
): Tensor {
  const { window, forward, device } = options;
  const [count = 0, , height = 0, width = 0] = inputNCHW.shape;
  const rows = windowSpans(height, { length: window.cropSize[0], stride: window.stride[0] });
  const columns = windowSpans(width, { length: window.cropSize[1], stride: window.stride[1] });
  if (rows.length * columns.length === 1) return forward(inputNCHW).to({ dtype: 'float32' });

  using work = scope();
  let sumNCHW: Tensor | null = null;
  for (const row of rows) {
    for (const column of columns) {
      using step = scope();
      const inWindow = (whole: Tensor) =>
        whole.narrow(2, row.start, row.length).narrow(3, column.start, column.length);
      const logits = forward(inWindow(inputNCHW).contiguous({ memoryFormat: 'channels-last' }));
      const classCount = logits.shape[1] as number;
      sumNCHW ??= step.keep(zeros([count, classCount, height, width], { dtype: 'float32', device }));
      inWindow(sumNCHW).add_(logits);
    }
  }
  const overRows = coverage(rows, { shape: [1, 1, height, 1], device });
  const overColumns = coverage(columns, { shape: [1, 1, 1, width], device });
  return work.keep((sumNCHW as Tensor).div_(overRows.mul(overColumns)));
}

/** Returns how many windows cover each place of a side, float32 of `shape`. */
function coverage(
  spans: readonly WindowSpan[],
  { shape, device }: { shape: readonly number[]; device: Device },
): Tensor {
  const counts = new Float32Array(Math.max(...shape));
  for (const { start, length } of spans) {
    for (let place = start; place < start + length; place += 1) counts[place] = (counts[place] as number) + 1;
  }
  return tensorFrom(counts, { dtype: 'float32', shape, device });
}
