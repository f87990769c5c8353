/** Compares rows of a resized map that are made apart with the rows of the whole result. */

import { resizeBilinear } from 'coarsely/nn';
import { Generator, ops, randn, type Tensor, tidy, withKernels } from 'coarsely/torch';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RowSpan, resizeBilinearRows, resizedFrom } from '#nn/resize-bilinear-rows.js';

let generator: Generator;
beforeAll(() => {
  generator = new Generator(5);
});
afterAll(() => generator.dispose());

function rowsOf(whole: Tensor, size: readonly [number, number], rows: RowSpan): Tensor {
  const inputHeight = whole.shape[2] as number;
  const needed = resizedFrom(rows, { inputHeight, height: size[0] });
  const part = whole.narrow(2, needed.first, needed.count);
  return resizeBilinearRows(part, { size, rows, input: { first: needed.first, height: inputHeight } });
}

test.each([
  [2, 3, 9, 7, 40, 33],
  [1, 5, 31, 12, 8, 5],
  [1, 4, 12, 9, 12, 20],
  [2, 2, 12, 9, 12, 9],
  [1, 2, 1, 6, 17, 4],
  [1, 3, 25, 4, 1, 1],
])('[%i, %i, %i, %i] to %i × %i: every stripe has the numbers of the whole', (n, c, h, w, height, width) => {
  tidy(() => {
    const whole = randn([n, c, h, w], { dtype: 'float32', generator });
    const expected = resizeBilinear(whole, [height, width]);
    for (const count of [1, 3, height]) {
      for (let first = 0; first + count <= height; first += count) {
        const found = rowsOf(whole, [height, width], { first, count });
        expect(found.shape).toEqual([n, c, count, width]);
        expect(Array.from(found.contiguous().toTypedArray(), Number)).toEqual(
          Array.from(expected.narrow(2, first, count).contiguous().toTypedArray(), Number),
        );
      }
    }
  });
});

test("libtorch's own resizing gives the same rows, whatever part of the map is given", () => {
  tidy(() => {
    const whole = randn([1, 3, 20, 11], { dtype: 'float32', generator });
    const expected = ops.upsampleBilinear2d(whole, [57, 30], false);
    for (const rows of [
      { first: 0, count: 10 },
      { first: 23, count: 4 },
      { first: 50, count: 7 },
    ]) {
      const wanted = expected.narrow(2, rows.first, rows.count);
      expect(rowsOf(whole, [57, 30], rows)).toBeAllclose(wanted, { absolute: 2e-5 });
      const composed = withKernels('stock', () => rowsOf(whole, [57, 30], rows));
      expect(composed).toBeAllclose(wanted, { absolute: 2e-5 });
      const ofWhole = resizeBilinearRows(whole, { size: [57, 30], rows, input: { first: 0, height: 20 } });
      expect(ofWhole).toBeAllclose(wanted, { absolute: 2e-5 });
    }
  });
});

test('a part that lacks a row is refused, not read beyond its end', () => {
  tidy(() => {
    const part = randn([1, 1, 4, 4], { dtype: 'float32', generator });
    const rows = { first: 30, count: 10 };
    expect(() => resizeBilinearRows(part, { size: [40, 8], rows, input: { first: 2, height: 20 } })).toThrow(
      'expected input rows from 2 to 5, but the result needs row 14',
    );
    expect(() =>
      resizeBilinearRows(part, {
        size: [40, 8],
        rows: { first: 35, count: 10 },
        input: { first: 0, height: 4 },
      }),
    ).toThrow('rows within a height of 40');
  });
});
