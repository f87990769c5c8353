/** Checks that `toBeAllclose` fails where numbers differ, and that its message names the place. */

import { expect, test } from 'vitest';
import { findDifference } from '../support/allclose.js';

const square = { shape: [2, 2], data: [1, 2, 3, 4] };

test('equal and close numbers pass', () => {
  expect([1, 2]).toBeAllclose(new Float32Array([1, 2]));
  expect([1, 2.001]).toBeAllclose([1, 2], { relative: 1e-3 });
  expect([0.001, 2]).toBeAllclose([0, 2], { absolute: 1e-3 });
  expect([0.001, 2]).toBeAllclose([0, 2], { relativeToLargest: 1e-3 });
  expect([Number.NaN, Number.POSITIVE_INFINITY]).toBeAllclose([Number.NaN, Number.POSITIVE_INFINITY]);
  expect(new Map([['weight', square]])).toBeAllclose({ weight: square });
  expect([1, 2]).not.toBeAllclose([1, 2.1], { relative: 1e-3 });
});

test('the message names tensor, index and values', () => {
  const other = { shape: [2, 2], data: [1, 2, 3.5, 5] };
  expect(findDifference({ weight: other }, { weight: square }, { absolute: 0.1 })).toBe(
    'weight: 2 of 4 elements differ, first at [1,0]: expected 3, received 3.5 ' +
      '(largest difference 1.00e+0, relative 2.50e-1)',
  );
});

test('shapes, lengths, names and missing tensors differ', () => {
  expect(findDifference({ shape: [4], data: square.data }, square, {})).toBe(
    'expected shape [2,2], received [4]',
  );
  expect(findDifference([1], [1, 2], {})).toBe('expected 2 elements, received 1');
  expect(findDifference({ bias: [1] }, { weight: [1] }, {})).toBe(
    'different names: missing [weight], unexpected [bias]',
  );
  expect(findDifference(null, square, {})).toBe('expected a tensor, received null');
  expect(findDifference([Number.NaN], [1], { absolute: 10 })).toMatch(/expected 1, received NaN/);
  expect(findDifference([1], [Number.POSITIVE_INFINITY], { relative: 1 })).toMatch(
    /expected Infinity, received 1/,
  );
});
