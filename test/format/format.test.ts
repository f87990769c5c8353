import { describe, expect, test } from 'vitest';
import {
  counted,
  formatBytes,
  formatDifference,
  formatDuration,
  formatNumber,
  formatPercent,
  formatTable,
} from '#format/index.js';

describe('numbers', () => {
  test.each<[number | null, string]>([
    [0.02, '0.02'],
    [0.00043214, '0.0004321'],
    [-1.25, '−1.25'],
    [12_345.6, '12346'],
    [0, '0'],
    [null, '–'],
    [Number.NaN, '–'],
  ])('%s is written as %s', (value, text) => {
    expect(formatNumber(value)).toBe(text);
  });

  test('have as many digits as are wanted', () => {
    expect(formatNumber(2.345, { digits: 2 })).toBe('2.3');
    expect(formatNumber(1234, { digits: 3 })).toBe('1234');
    expect(formatNumber(2, { decimals: 3 })).toBe('2.000');
    expect(formatNumber(-0.8174, { decimals: 3 })).toBe('−0.817');
  });

  test('percentages are those of fractions', () => {
    expect(formatPercent(0.71349)).toBe('71.3');
    expect(formatPercent(0.5, { decimals: 0, sign: true })).toBe('50 %');
    expect(formatPercent(undefined, { sign: true })).toBe('–');
  });

  test('differences have their sign, and zero has none', () => {
    expect([1.614, -0.3, 0.004].map((value) => formatDifference(value))).toEqual(['+1.61', '−0.30', '0.00']);
  });

  test('counts have separators and their noun', () => {
    expect([counted(1, 'image'), counted(12_345, 'image'), counted(2, 'class', 'classes')]).toEqual([
      '1 image',
      '12,345 images',
      '2 classes',
    ]);
  });
});

test('durations and memory have the units of their size', () => {
  expect([45, 723, 11_100, Number.NaN].map(formatDuration)).toEqual(['0:45', '12:03', '3:05:00', '–']);
  expect([2 ** 29, 1.4 * 2 ** 30].map(formatBytes)).toEqual(['512 MiB', '1.4 GiB']);
});

test('a table aligns names to the left and numbers to the right, by their letters', () => {
  expect(
    formatTable([
      ['', 'mIoU'],
      ['Straße', '7.1'],
      ['sky', '71.35'],
    ]),
  ).toBe(['         mIoU', 'Straße    7.1', 'sky     71.35'].join('\n'));
});
