/** Compares run lengths with pycocotools, which wrote the golden texts, and with masks by hand. */

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { formatRuns, maskRuns, parseRuns, runsMask } from '#geometry/index.js';

const golden: { masks: { rows: string[]; counts: string }[]; disk: string } = JSON.parse(
  readFileSync(new URL('./run-lengths-golden.json', import.meta.url), 'utf8'),
);

function maskOf(rows: readonly string[]) {
  const size = { width: rows[0]?.length ?? 0, height: rows.length };
  return { size, mask: Uint8Array.from([...rows.join('')].map(Number)) };
}

describe('run lengths', () => {
  test('go down the columns and begin outside', () => {
    const { mask, size } = maskOf(['110', '010']);
    expect(maskRuns(mask, size)).toEqual([0, 1, 1, 2, 2]);
  });

  test.each(golden.masks)('equal pycocotools: $counts', ({ rows, counts }) => {
    const { mask, size } = maskOf(rows);
    expect(formatRuns(maskRuns(mask, size))).toBe(counts);
    expect(runsMask(parseRuns(counts), size)).toEqual(mask);
  });

  test('of a large mask equal pycocotools', () => {
    const size = { width: 400, height: 300 };
    const mask = new Uint8Array(size.width * size.height);
    for (let y = 0; y < size.height; y++) {
      for (let x = 0; x < size.width; x++)
        if ((x - 210) ** 2 + (y - 140) ** 2 < 100 ** 2) mask[y * size.width + x] = 1;
    }
    expect(formatRuns(maskRuns(mask, size))).toBe(golden.disk);
    expect(runsMask(parseRuns(golden.disk), size)).toEqual(mask);
  });

  test('keep counts of many bits', () => {
    const runs = [0, 1, 2 ** 29, 3, 0, 2 ** 29, 7];
    expect(parseRuns(formatRuns(runs))).toEqual(runs);
  });

  test('that do not fit the image are refused', () => {
    const size = { width: 3, height: 2 };
    expect(() => runsMask([1, 2], size)).toThrow('runs of 3 pixels for an image of 3×2');
    expect(() => runsMask([7, -1], size)).toThrow('a run of -1 pixels');
    expect(() => parseRuns('0`')).toThrow('no run at character 3 of 2');
    expect(() => parseRuns('0 1')).toThrow('no run at character 2 of 3');
  });
});
