/** Compares features at points, and batches of rows, with plain arithmetic in float32 and with libtorch's operators. */

import { resizeBilinear } from 'coarsely/nn';
import {
  Generator,
  ops,
  randn,
  setThreads,
  type Tensor,
  tensorFrom,
  threads,
  tidy,
  withKernels,
} from 'coarsely/torch';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { gatherFeatures } from '#quick/gather-features.js';

let generator: Generator;
beforeEach(() => {
  generator = new Generator(3);
});
afterEach(() => {
  generator.dispose();
});

const size = [21, 30] as const;

/** Three maps of an image, of different strides, and one of them of a single column. */
function randomMaps(): Tensor[] {
  const shapes = [
    [1, 19, 10, 13],
    [1, 32, 5, 7],
    [1, 5, 3, 1],
  ];
  return shapes.map((shape) =>
    randn(shape, { dtype: 'float32', generator })
      .to({ dtype: 'float16' })
      .contiguous({ memoryFormat: 'channels-last' }),
  );
}

/** Returns the centers of all pixels. */
function allPixels([height, width]: readonly [number, number]): Float32Array {
  return Float32Array.from({ length: 2 * height * width }, (_, place) => {
    const pixel = place >> 1;
    return place % 2 === 0 ? (pixel % width) + 0.5 : Math.floor(pixel / width) + 0.5;
  });
}

/** Interpolates one number, rounding to float32 after each step as the kernel does. */
function slowFeature(map: readonly number[][], { x, y }: { x: number; y: number }): number {
  const along = (inputs: number, outputs: number, position: number) => {
    const scaled = Math.fround(Math.fround(inputs / outputs) * position);
    const source = Math.max(0, Math.fround(scaled - 0.5));
    const first = Math.min(Math.floor(source), inputs - 1);
    return { first, second: Math.min(first + 1, inputs - 1), share: Math.fround(source - first) };
  };
  const mix = (a: number, b: number, share: number) =>
    Math.fround(Math.fround(Math.fround(1 - share) * a) + Math.fround(share * b));
  const row = along(map.length, size[0], y);
  const column = along((map[0] as number[]).length, size[1], x);
  const at = (r: number, c: number) => (map[r] as number[])[c] as number;
  const upper = mix(at(row.first, column.first), at(row.first, column.second), column.share);
  const lower = mix(at(row.second, column.first), at(row.second, column.second), column.share);
  return mix(upper, lower, row.share);
}

describe('gatherFeatures', () => {
  test('equals a slow reference, rounded once to float16', () => {
    tidy(() => {
      const maps = randomMaps();
      const points = allPixels(size);
      const found = gatherFeatures(maps, { points, size });
      expect(found.dtype).toBe('float16');
      expect(found.shape).toEqual([21 * 30, 19 + 32 + 5]);
      const channels = maps.flatMap((map) => (map.toArray() as number[][][][])[0] as number[][][]);
      const expected = Float32Array.from({ length: found.numel }, (_, place) => {
        const point = Math.floor(place / channels.length);
        const [x, y] = [points[2 * point] as number, points[2 * point + 1] as number];
        return slowFeature(channels[place % channels.length] as number[][], { x, y });
      });
      expect(found).toBeAllclose(tensorFrom(expected, { dtype: 'float16', shape: found.shape }));
    });
  });

  test('equals maps that are resized to the image', () => {
    tidy(() => {
      const maps = randomMaps();
      const found = gatherFeatures(maps, { points: allPixels(size), size });
      let start = 0;
      for (const map of maps) {
        const channels = map.shape[1] as number;
        const resized = resizeBilinear(map.to({ dtype: 'float32' }), size);
        const rows = resized.permute([0, 2, 3, 1]).reshape([size[0] * size[1], channels]);
        expect(found.narrow(1, start, channels)).toBeAllclose(rows.to({ dtype: 'float16' }), {
          absolute: 2e-3,
        });
        start += channels;
      }
    });
  });

  test('points beyond the border have the features of the border', () => {
    tidy(() => {
      const maps = randomMaps();
      const at = (x: number, y: number) => gatherFeatures(maps, { points: Float32Array.of(x, y), size });
      expect(at(-20, -3)).toBeAllclose(at(0, 0));
      expect(at(200, 100)).toBeAllclose(at(30, 21));
    });
  });

  test('keeps infinities, NaN, zeros with their sign and the smallest numbers', () => {
    tidy(() => {
      const values = [
        0,
        -0,
        2 ** -24,
        -(2 ** -24),
        2 ** -14,
        65504,
        -65504,
        Infinity,
        -Infinity,
        Number.NaN,
        1 / 3,
      ];
      const map = tensorFrom(Float32Array.from(values), {
        dtype: 'float16',
        shape: [1, values.length, 1, 1],
      });
      const found = gatherFeatures([map], { points: Float32Array.of(0.5, 0.5), size: [1, 1] });
      const expected = map.toTypedArray();
      // The blend of a value with itself by 1 and 0; an infinity times 0 is NaN.
      const shown = Array.from(found.toTypedArray(), Number);
      expect(shown.slice(0, 7)).toEqual(Array.from(expected.slice(0, 7), Number));
      expect(shown.slice(7, 10).every(Number.isNaN)).toBe(true);
      expect(shown[10]).toBe(expected[10]);
    });
  });

  test('the composition of libtorch’s operators agrees', () => {
    tidy(() => {
      const maps = randomMaps();
      const points = allPixels(size);
      const stock = withKernels('stock', () => gatherFeatures(maps, { points, size }));
      expect(gatherFeatures(maps, { points, size })).toBeAllclose(stock, { absolute: 2e-3 });
    });
  });

  test('does not depend on the number of threads', () => {
    const before = threads();
    tidy(() => {
      const maps = randomMaps();
      const run = () => gatherFeatures(maps, { points: allPixels(size), size });
      const one = run();
      setThreads(3);
      const three = run();
      setThreads(before);
      expect(three.toBytes()).toEqual(one.toBytes());
    });
  });

  test('refuses maps of another type', () => {
    tidy(() => {
      const map = randn([1, 2, 3, 3], { dtype: 'float32', generator });
      expect(() => gatherFeatures([map], { points: Float32Array.of(1, 1), size })).toThrow(/float16/);
    });
  });
});

describe('gatherRows', () => {
  test.each([1, 16, 37])('copies rows of %i numbers exactly', (length) => {
    tidy(() => {
      const chunks = [0, 1, 2].map(() =>
        randn([8, length], { dtype: 'float32', generator }).to({ dtype: 'float16' }),
      );
      const wanted = [23, 0, 8, 7, 7, 15];
      const rows = tensorFrom(Int32Array.from(wanted), { dtype: 'int32', shape: [wanted.length] });
      const wide = ops.gatherRows(chunks, rows, false);
      const narrow = ops.gatherRows(chunks, rows, true);
      const all = chunks.flatMap((chunk) => chunk.to({ dtype: 'float32' }).toArray() as number[][]);
      expect(wide.toArray()).toEqual(wanted.map((row) => all[row]));
      expect(wide.dtype).toBe('float32');
      expect(narrow).toBeAllclose(wide.to({ dtype: 'bfloat16' }));
      expect(narrow.dtype).toBe('bfloat16');
    });
  });

  test.each([-1, 24])('refuses row %i of 24', (row) => {
    tidy(() => {
      const chunk = randn([24, 4], { dtype: 'float32', generator }).to({ dtype: 'float16' });
      const rows = tensorFrom(Int32Array.of(0, row), { dtype: 'int32', shape: [2] });
      expect(() => ops.gatherRows([chunk], rows, false)).toThrow(/expected rows from 0 to 23/);
    });
  });
});
