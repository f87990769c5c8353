/** Reads masks as CVAT and Label Studio store them. */

import { readFileSync } from 'node:fs';
import { encode } from '@thi.ng/rle-pack';
import { describe, expect, test } from 'vitest';
import { formatBoxRuns, parseBoxRuns } from '#importers/box-runs.js';
import { decodeBrush } from '#importers/brush-runs.js';
import { bytesOfRows } from '../support/rows.js';

describe("CVAT's run lengths", () => {
  const rows = ['..##', '####', '#...'];
  const mask = bytesOfRows(rows, { '.': 0, '#': 1 });

  test('go along the rows of the box and begin outside', () => {
    expect(parseBoxRuns('2, 7, 3', { width: 4, height: 3 })).toEqual(mask);
    expect(formatBoxRuns(mask)).toBe('2, 7, 3');
    expect(formatBoxRuns(Uint8Array.of(1, 1, 0))).toBe('0, 2, 1');
    expect(parseBoxRuns('0,2,1', { width: 3, height: 1 })).toEqual(Uint8Array.of(1, 1, 0));
  });

  test.each([
    ['2, 7', { width: 4, height: 3 }, 'runs of 9 pixels for a box of 4×3, 12 pixels'],
    ['2, 11', { width: 4, height: 3 }, 'runs of more than the 12 pixels of the box of 4×3'],
    ['2, -7, 17', { width: 4, height: 3 }, "'-7' where a run length is expected"],
    ['', { width: 4, height: 3 }, "'' where a run length is expected"],
    ['2, 7, 3', { width: 0, height: 3 }, 'a box of 0×3 pixels'],
    ['1', { width: Number.NaN, height: 3 }, 'a box of NaN×3 pixels'],
    ['1', { width: 1e6, height: 1e6 }, 'a box of 1000000×1000000 pixels, more than 50000000'],
  ])('%j in a box of %j is refused', (text, size, message) => {
    expect(() => parseBoxRuns(text, size)).toThrow(new RangeError(message));
  });
});

describe("Label Studio's brush", () => {
  const golden: { width: number; height: number; rle: number[]; rows: string[] | null }[] = JSON.parse(
    readFileSync(new URL('./brush-runs-golden.json', import.meta.url), 'utf8'),
  );

  test.each(golden)('$width×$height is unpacked', ({ width, height, rle, rows }) => {
    const expected =
      rows === null ? new Uint8Array(width * height).fill(1) : bytesOfRows(rows, { 0: 0, 1: 1 });
    expect(decodeBrush(rle, { width, height })).toEqual(expected);
  });

  const size = { width: 5, height: 4 };
  const packed = [...encode(new Uint8Array(80).fill(255, 40), 80)];

  test('is refused when it is of another size, cut off, or no list of bytes', () => {
    expect(decodeBrush(packed, size)).toEqual(new Uint8Array(20).fill(1, 10));
    expect(() => decodeBrush(packed, { width: 4, height: 4 })).toThrow(
      'a mask of 80 values of 8 bits for 4×4 pixels; expected 64 values of 8 bits',
    );
    expect(() => decodeBrush(packed.slice(0, -2), size)).toThrow('a mask that ends before its last pixel');
    expect(() => decodeBrush([1, 2], size)).toThrow('a mask of 2 bytes, too few for its header');
    expect(() => decodeBrush([...packed.slice(0, -1), 300], size)).toThrow('a value that is no byte');
    expect(() => decodeBrush([255, 255, 255, 255, 59, 0, 0, 0], size)).toThrow('a mask of 4294967295 values');
  });
});
