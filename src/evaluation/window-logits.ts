/**
 * Keeps the logits of windows until the rows that they cover are used. Two ways give the same numbers: `HeldWindows` keeps the
 * network's own logits, which is a fraction of the pixels, and `SummedWindows` adds every window to one band of rows at once,
 * which takes less where windows overlap many times or the network's logits have the size of its input.
 */

import type { RowRange } from '../data/index.js';
import { resizeBilinearRows, resizedFrom } from '../nn/internal.js';
import { type Tensor, tidy, zeros } from '../torch/index.js';
import type { WindowSpan } from './sliding-window.js';

/** Says where a window lies. */
export interface WindowPlace {
  readonly row: WindowSpan;
  readonly column: WindowSpan;
}

/** Passes a tensor to the scope in which the logits are kept. */
export type Keep = (tensor: Tensor) => Tensor;

/** Holds logits of windows that were added row by row, from the top. */
export interface WindowLogits {
  /** Adds the logits of a window, [N, classes, h, w] at any resolution. */
  add(place: WindowPlace, mapNCHW: Tensor, keep: Keep): void;
  /** Returns the sum of all windows over some rows, float32 [N, classes, count, width]. */
  sum(rows: RowRange): Tensor;
  /** Frees what no row from `first` on needs. */
  release(first: number): void;
  /** Counts the numbers that are held. */
  readonly numbers: number;
}

export class HeldWindows implements WindowLogits {
  readonly #width: number;
  #windows: { readonly place: WindowPlace; readonly mapNCHW: Tensor }[] = [];

  constructor(width: number) {
    this.#width = width;
  }

  get numbers(): number {
    return this.#windows.reduce((sum, { mapNCHW }) => sum + mapNCHW.numel, 0);
  }

  add(place: WindowPlace, mapNCHW: Tensor, keep: Keep): void {
    this.#windows.push({ place, mapNCHW: keep(mapNCHW.contiguous({ memoryFormat: 'channels-last' })) });
  }

  sum(rows: RowRange): Tensor {
    const [only, ...others] = this.#windows;
    if (only !== undefined && others.length === 0 && only.place.column.length === this.#width) {
      return rowsOfWindow(only.mapNCHW, { place: only.place, rows });
    }
    return tidy(() => {
      const first = this.#windows[0]?.mapNCHW as Tensor;
      const [images = 0, classes = 0] = first.shape;
      const shape = [images, classes, rows.count, this.#width];
      const sumNCHW = zeros(shape, { dtype: 'float32', device: first.device });
      for (const { place, mapNCHW } of this.#windows) {
        tidy(() => addRows(sumNCHW, mapNCHW, { place, rows }));
      }
      return sumNCHW;
    });
  }

  release(first: number): void {
    const isDone = ({ row }: WindowPlace) => row.start + row.length <= first;
    for (const { place, mapNCHW } of this.#windows) if (isDone(place)) mapNCHW.dispose();
    this.#windows = this.#windows.filter(({ place }) => !isDone(place));
  }
}

export class SummedWindows implements WindowLogits {
  readonly #width: number;
  #band: { readonly sumNCHW: Tensor; readonly rows: RowRange } | null = null;
  #released = 0;

  constructor(width: number) {
    this.#width = width;
  }

  get numbers(): number {
    return this.#band?.sumNCHW.numel ?? 0;
  }

  add(place: WindowPlace, mapNCHW: Tensor, keep: Keep): void {
    const band = this.#bandTo(place.row.start + place.row.length, mapNCHW, keep);
    addRows(band.sumNCHW, mapNCHW, { place, rows: band.rows });
  }

  sum(rows: RowRange): Tensor {
    const { sumNCHW, rows: held } = this.#band as { sumNCHW: Tensor; rows: RowRange };
    // The rows may be asked for again by the next stripe, so the caller gets a copy to divide.
    return sumNCHW.narrow(2, rows.first - held.first, rows.count).mul(1);
  }

  release(first: number): void {
    this.#released = first;
    const band = this.#band;
    if (band === null || first < band.rows.first + band.rows.count) return;
    band.sumNCHW.dispose();
    this.#band = null;
  }

  /** Returns the band, extended to the row `end` and without the rows that were released. */
  #bandTo(end: number, mapNCHW: Tensor, keep: Keep): { sumNCHW: Tensor; rows: RowRange } {
    const before = this.#band;
    if (before !== null && end <= before.rows.first + before.rows.count) return before;
    const first = before === null ? this.#released : Math.max(before.rows.first, this.#released);
    const [images = 0, classes = 0] = mapNCHW.shape;
    const shape = [images, classes, end - first, this.#width];
    const sumNCHW = keep(zeros(shape, { dtype: 'float32', device: mapNCHW.device }));
    if (before !== null) {
      const shared = before.rows.first + before.rows.count - first;
      sumNCHW.narrow(2, 0, shared).copy_(before.sumNCHW.narrow(2, first - before.rows.first, shared));
      before.sumNCHW.dispose();
    }
    this.#band = { sumNCHW, rows: { first, count: end - first } };
    return this.#band;
  }
}

/** Adds the rows of a window that lie in a band of rows to the band. */
function addRows(
  bandNCHW: Tensor,
  mapNCHW: Tensor,
  { place, rows }: { readonly place: WindowPlace; readonly rows: RowRange },
): void {
  const { row, column } = place;
  const first = Math.max(rows.first, row.start);
  const count = Math.min(rows.first + rows.count, row.start + row.length) - first;
  if (count <= 0) return;
  bandNCHW
    .narrow(2, first - rows.first, count)
    .narrow(3, column.start, column.length)
    .add_(rowsOfWindow(mapNCHW, { place, rows: { first, count } }));
}

/** Returns rows of one window, which `rows` counts from the top of the image, at the window's width and in float32. */
function rowsOfWindow(
  mapNCHW: Tensor,
  { place, rows }: { readonly place: WindowPlace; readonly rows: RowRange },
): Tensor {
  const { row, column } = place;
  const [, , mapHeight = 0] = mapNCHW.shape;
  const inWindow = { first: rows.first - row.start, count: rows.count };
  const needed = resizedFrom(inWindow, { inputHeight: mapHeight, height: row.length });
  // A map in bfloat16 is converted where it is read, a few rows at a time.
  const part = mapNCHW.narrow(2, needed.first, needed.count).to({ dtype: 'float32' });
  return resizeBilinearRows(part, {
    size: [row.length, column.length],
    rows: inWindow,
    input: { first: needed.first, height: mapHeight },
  });
}
