/**
 * Predicts images in one pass: at one size, upright or mirrored, whole or by windows. Windows are predicted when the first
 * row that they cover is asked for, and their logits are freed after the last, so memory depends on the size of a window
 * and not on the number of pixels.
 */

import type { RowRange } from '../data/index.js';
import { resizeBilinearRows, resizedFrom } from '../nn/internal.js';
import { ops, scope, type Tensor, tensorFrom, tidy } from '../torch/index.js';
import type { NormalizedRows, PassView } from './normalized-rows.js';
import { coverage, type SlidingWindow, type WindowSpan, windowSpans } from './sliding-window.js';
import { HeldWindows, type Keep, SummedWindows, type WindowLogits } from './window-logits.js';

/** Configures a pass. */
export interface ForwardPassOptions extends PassView {
  readonly input: NormalizedRows;
  /** Divides the images into windows; null predicts them whole. */
  readonly window: SlidingWindow | null;
  /** Returns logits of its input at any resolution, in any floating-point type. */
  readonly forward: (inputNCHW: Tensor) => Tensor;
  /** Aligns the corners where logits are resized from the size of the pass to that of the images. */
  readonly alignCorners: boolean;
}

/** Gives the logits of one pass by rows. Its tensors belong to the scope in which `prepare` is called. */
export class ForwardPass {
  readonly #options: ForwardPassOptions;
  readonly #rows: readonly WindowSpan[];
  readonly #columns: readonly WindowSpan[];
  #logits: WindowLogits | null = null;
  #nextRow = 0;
  /** Gives the number of classes; 0 before the first call of `prepare`. */
  classCount = 0;

  constructor(options: ForwardPassOptions) {
    const { size, window } = options;
    const whole = [size.height, size.width] as const;
    const { cropSize, stride } = window ?? { cropSize: whole, stride: whole };
    for (const [side, length] of cropSize.entries()) {
      const distance = stride[side] as number;
      if (Number.isInteger(length) && Number.isInteger(distance) && distance >= 1 && distance <= length)
        continue;
      throw new RangeError(
        `inference: expected windows of whole pixels whose stride is at most their size, received cropSize ` +
          `[${cropSize}] and stride [${stride}]`,
      );
    }
    this.#options = options;
    this.#rows = windowSpans(size.height, { length: cropSize[0], stride: stride[0] });
    this.#columns = windowSpans(size.width, { length: cropSize[1], stride: stride[1] });
  }

  /** Counts the pixels of an image in this pass. */
  get pixels(): number {
    return this.#options.size.width * this.#options.size.height;
  }

  /** Counts the numbers in the logits that are held now. */
  get heldNumbers(): number {
    return this.#logits?.numbers ?? 0;
  }

  /** Predicts the windows that cover rows of the image, as far as that has not been done. */
  prepare(imageRows: RowRange): void {
    const needed = this.#rowsFor(imageRows);
    for (; this.#nextRow < this.#rows.length; this.#nextRow += 1) {
      const row = this.#rows[this.#nextRow] as WindowSpan;
      if (row.start >= needed.first + needed.count) return;
      this.#predict(row);
    }
  }

  /** Frees the windows that no row of the image from `first` on needs. */
  release(first: number): void {
    const { input, size } = this.#options;
    const done = first >= input.size.height;
    this.#logits?.release(done ? size.height : this.#rowsFor({ first, count: 1 }).first);
  }

  /**
   * Returns the logits of rows of the image that are prepared: the mean of the windows.
   * @returns float32 [N, classes, count, width of the image]
   */
  logits(imageRows: RowRange): Tensor {
    return tidy(() => {
      const { input, size, mirrored, alignCorners } = this.#options;
      const needed = this.#rowsFor(imageRows);
      const logits = this.#mean(needed);
      return resizeBilinearRows(mirrored ? ops.flip(logits, [3]) : logits, {
        size: [input.size.height, input.size.width],
        rows: imageRows,
        input: { first: needed.first, height: size.height },
        alignCorners,
      });
    });
  }

  /** Returns the rows of the pass that rows of the image are made of. */
  #rowsFor(imageRows: RowRange): RowRange {
    const { input, size, alignCorners } = this.#options;
    if (input.size.height === size.height && input.size.width === size.width) return imageRows;
    return resizedFrom(imageRows, {
      inputHeight: size.height,
      height: input.size.height,
      alignCorners,
    });
  }

  #predict(row: WindowSpan): void {
    const { input, forward } = this.#options;
    using work = scope();
    const band = input.rows(this.#options, { first: row.start, count: row.length });
    for (const column of this.#columns) {
      using step = scope();
      const keep: Keep = (tensor) => work.keep(step.keep(tensor));
      const shown = this.#columns.length === 1 ? band : band.narrow(3, column.start, column.length);
      const mapNCHW = forward(shown.contiguous({ memoryFormat: 'channels-last' }));
      this.classCount = mapNCHW.shape[1] as number;
      this.#logits ??= this.#logitsOf(mapNCHW);
      this.#logits.add({ row, column }, mapNCHW, keep);
    }
  }

  /** Chooses how windows are kept by which way takes less memory, for windows as large as this one. */
  #logitsOf(mapNCHW: Tensor): WindowLogits {
    const { size } = this.#options;
    const [, , mapHeight = 0, mapWidth = 0] = mapNCHW.shape;
    const [{ length: height }] = this.#rows as [WindowSpan];
    const together = this.#rows.filter(({ start }) => start <= height).length;
    const held = together * this.#columns.length * mapHeight * mapWidth;
    const single = this.#rows.length * this.#columns.length === 1;
    return single || held < height * size.width ? new HeldWindows(size.width) : new SummedWindows(size.width);
  }

  #mean(rows: RowRange): Tensor {
    const sum = (this.#logits as WindowLogits).sum(rows);
    if (this.#rows.length * this.#columns.length === 1) return sum;
    const { device } = sum;
    const { width } = this.#options.size;
    const over = (counts: Float32Array, shape: readonly number[]) =>
      tensorFrom(counts, { dtype: 'float32', shape, device });
    const overRows = over(coverage(this.#rows, rows), [1, 1, rows.count, 1]);
    const overColumns = over(coverage(this.#columns, { first: 0, count: width }), [1, 1, 1, width]);
    return sum.div_(overRows.mul(overColumns));
  }
}
