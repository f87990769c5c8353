/**
 * Inference by overlapping windows, for networks that know images of one size only, or images larger than memory. The
 * windows and their average are mmsegmentation's `slide_inference`: a window that would leave the image is moved back
 * inside, and the *logits* are averaged where windows overlap; the softmax comes after.
 */
import { type Device, scope, type Tensor, tensorFrom, zeros } from '../torch/index.js';

export interface SlidingWindow {
  /** [height, width] in pixels of the image as it enters the network. An image smaller than it is one window. */
  readonly cropSize: readonly [height: number, width: number];
  /** Distance from one window to the next, at most `cropSize`. */
  readonly stride: readonly [vertical: number, horizontal: number];
}

/** A window's extent along one side. */
export interface WindowSpan {
  readonly start: number;
  readonly length: number;
}

/** The windows along a side of `total` pixels, first to last; the last ends where the side ends. */
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
 * Holds one sum of the image's size beside the window in flight, whatever the number of windows.
 *
 * @param inputNCHW float32 [N, 3, H, W] on `device`
 * @param options.forward gives logits of its input's size
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

/** How many windows cover each place of a side. */
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
