import { expect, test } from 'vitest';
import { beliefsOfPixels, cellColors, cellGrid } from '#fill/cells.js';

test('a grid has cells of 4×4 pixels, and at least one', () => {
  expect(cellGrid({ width: 480, height: 360 })).toEqual({ width: 480, height: 360, rows: 90, columns: 120 });
  expect(cellGrid({ width: 1, height: 9 })).toMatchObject({ rows: 2, columns: 1 });
});

test('the color of a cell is the mean of its pixels', () => {
  const grid = cellGrid({ width: 8, height: 4 });
  const image = Uint8Array.from({ length: 32 }, (_, pixel) => (pixel % 8 < 4 ? 51 : 102 * (pixel % 2)));
  const [left, right] = cellColors({ image, width: 8, height: 4 }, grid);
  expect(left).toBeCloseTo(0.2, 6);
  expect(right).toBeCloseTo(0.2, 6);
});

test('pixels between two cells take both by distance, and the others are left', () => {
  const grid = cellGrid({ width: 8, height: 4 });
  const beliefs = Float32Array.of(1, 0, 0, 1);
  const found = beliefsOfPixels(beliefs, { grid, wanted: (pixel) => pixel < 8 });
  // Centers of cells lie at 2 and 6, those of pixels at x + 0.5.
  const likelihoods = [1, 1, 0.875, 0.625, 0.625, 0.875, 1, 1];
  expect([...found.classes.subarray(0, 8)]).toEqual([0, 0, 0, 0, 1, 1, 1, 1]);
  for (const [x, value] of likelihoods.entries()) expect(found.likelihoods[x]).toBeCloseTo(value, 6);
  expect([...found.likelihoods.subarray(8)]).toEqual(new Array(24).fill(0));
});
