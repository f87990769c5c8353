/**
 * Keeps rows of float16 numbers in a few large tensors. Rows that are removed leave slots that later ones fill, so that the
 * labels of an image can change without moving those of others.
 */

import { Buffer } from '../nn/index.js';
import { cat, empty, ops, type Tensor, tensorFrom, tidy } from '../torch/index.js';
import { selectKernel } from '../torch/internal.js';

/** Limits the bytes of a tensor. */
const chunkBytes = 2 ** 25;

/** Holds rows by slot. */
export class RowStore implements Disposable {
  /** Counts the numbers of a row. */
  readonly rowLength: number;
  readonly #chunkRows: number;
  readonly #chunks: Buffer[] = [];
  /** Lists the slots that are free, as ranges in ascending order. */
  #free: { start: number; count: number }[] = [];

  /** @param options.capacity how many rows there can be at most; memory is taken as rows come */
  constructor(rowLength: number, { capacity }: { readonly capacity: number }) {
    this.rowLength = rowLength;
    const chunks = Math.max(1, Math.ceil((capacity * rowLength * 2) / chunkBytes));
    this.#chunkRows = Math.max(1, Math.ceil(capacity / chunks));
  }

  /** Copies rows, float16 [n, rowLength], and returns their slots. */
  add(rows: Tensor): Int32Array {
    const [count = 0] = rows.shape;
    const slots = new Int32Array(count);
    for (let done = 0; done < count; ) {
      const range = this.#takeRange(count - done);
      const chunk = this.#chunks[Math.floor(range.start / this.#chunkRows)] as Buffer;
      const source = done;
      tidy(() => {
        chunk
          .narrow(0, range.start % this.#chunkRows, range.count)
          .copy_(rows.narrow(0, source, range.count));
      });
      for (let place = 0; place < range.count; place++) slots[done + place] = range.start + place;
      done += range.count;
    }
    return slots;
  }

  /** Gives the slots of rows back. */
  remove(slots: Int32Array): void {
    const ranges = [...this.#free];
    for (const slot of slots) ranges.push({ start: slot, count: 1 });
    ranges.sort((a, b) => a.start - b.start);
    const joined: { start: number; count: number }[] = [];
    for (const range of ranges) {
      const last = joined.at(-1);
      // A range lies in one chunk.
      const isNext =
        last !== undefined && last.start + last.count === range.start && range.start % this.#chunkRows !== 0;
      if (isNext) last.count += range.count;
      else joined.push({ ...range });
    }
    this.#free = joined;
  }

  /** Returns the rows at slots as [n, rowLength]. */
  gather(slots: Int32Array, { dtype }: { readonly dtype: 'float32' | 'bfloat16' }): Tensor {
    return tidy(() => {
      const rows = tensorFrom(slots, { dtype: 'int32', shape: [slots.length] });
      return selectKernel('gatherRows', {
        inputs: [rows],
        fused: () => ops.gatherRows(this.#chunks, rows, dtype === 'bfloat16'),
        stock: () => this.#gatherByChunk(slots).to({ dtype }),
      });
    });
  }

  [Symbol.dispose](): void {
    for (const chunk of this.#chunks) chunk.dispose();
    this.#chunks.length = 0;
    this.#free = [];
  }

  /** Selects the rows chunk by chunk, and then brings them into the order of the slots. */
  #gatherByChunk(slots: Int32Array): Tensor {
    const places = Array.from(slots.keys()).sort((a, b) => (slots[a] as number) - (slots[b] as number));
    const parts = this.#chunks.map((chunk, index) => {
      const own = [...slots]
        .filter((slot) => Math.floor(slot / this.#chunkRows) === index)
        .sort((a, b) => a - b);
      return chunk.indexSelect(0, indices(own.map((slot) => slot % this.#chunkRows)));
    });
    const order = new Array<number>(slots.length);
    for (const [place, index] of places.entries()) order[index] = place;
    return cat(parts, 0).indexSelect(0, indices(order));
  }

  /** Takes at most `count` neighboring slots out of those that are free. */
  #takeRange(count: number): { readonly start: number; readonly count: number } {
    const first = this.#free[0] ?? this.#addChunk();
    const taken = { start: first.start, count: Math.min(count, first.count) };
    first.start += taken.count;
    first.count -= taken.count;
    if (first.count === 0) this.#free.shift();
    return taken;
  }

  #addChunk(): { start: number; count: number } {
    const range = { start: this.#chunks.length * this.#chunkRows, count: this.#chunkRows };
    this.#chunks.push(new Buffer(empty([this.#chunkRows, this.rowLength], { dtype: 'float16' })));
    this.#free.push(range);
    return range;
  }
}

function indices(values: readonly number[]): Tensor {
  return tensorFrom(BigInt64Array.from(values, BigInt), { dtype: 'int64', shape: [values.length] });
}
