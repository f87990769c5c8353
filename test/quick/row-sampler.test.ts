/** Checks that rows are drawn by seed and step alone, with the shares that were asked for. */
import { DataError } from 'coarsely/errors';
import { expect, test } from 'vitest';
import { RowSampler } from '#quick/row-sampler.js';

/** 900 rows of class 0, 90 of class 2, 9 of class 5, and 99 without a label between them. */
const labels = Uint8Array.from({ length: 1098 }, (_, row) => {
  if (row % 11 === 10) return 255;
  const place = row - Math.floor(row / 11);
  return place < 900 ? 0 : place < 990 ? 2 : 5;
});

const countOf = (rows: Uint32Array, label: number) => rows.filter((row) => labels[row] === label).length;

test.each([
  ['none', [900 / 999, 90 / 999, 9 / 999]],
  ['sqrt', [30, Math.sqrt(90), 3].map((share) => share / (33 + Math.sqrt(90)))],
  ['balanced', [1 / 3, 1 / 3, 1 / 3]],
] as const)('class balance %s', (classBalance, shares) => {
  const count = 60_000;
  const rows = new RowSampler({ labels }, { seed: 7, count, classBalance }).draw(0);
  expect(countOf(rows, 255)).toBe(0);
  for (const [place, label] of [0, 2, 5].entries()) {
    const share = shares[place] as number;
    const deviation = Math.sqrt((share * (1 - share)) / count);
    expect(Math.abs(countOf(rows, label) / count - share)).toBeLessThan(5 * deviation);
  }
});

test('within a class every row is drawn equally often', () => {
  const count = 90_000;
  const rows = new RowSampler({ labels }, { seed: 1, count, classBalance: 'balanced' }).draw(3);
  const seen = new Map<number, number>();
  for (const row of rows) if (labels[row] === 5) seen.set(row, (seen.get(row) ?? 0) + 1);
  expect(seen.size).toBe(9);
  const expected = count / 27;
  for (const times of seen.values()) expect(Math.abs(times - expected)).toBeLessThan(5 * Math.sqrt(expected));
});

test('draws depend on seed, step and stream, and on nothing before them', () => {
  const draw = (options: { seed?: number; stream?: number }, step: number) =>
    new RowSampler({ labels }, { seed: 0, count: 50, ...options }).draw(step);
  const sampler = new RowSampler({ labels }, { seed: 0, count: 50 });
  sampler.draw(0);
  expect(sampler.draw(4)).toEqual(draw({}, 4));
  for (const other of [draw({}, 5), draw({ seed: 1 }, 4), draw({ stream: 1 }, 4)]) {
    expect(other).not.toEqual(draw({}, 4));
  }
});

test('processes divide the batch of one', () => {
  const options = { seed: 2, count: 60 };
  const whole = new RowSampler({ labels }, options).draw(9);
  const parts = [0, 1, 2].map((rank) =>
    new RowSampler({ labels }, { ...options, share: { rank, worldSize: 3 } }).draw(9),
  );
  expect(parts.flatMap((part) => [...part])).toEqual([...whole]);
});

test('rows without any label are refused', () => {
  expect(() => new RowSampler({ labels: new Uint8Array(4).fill(255) }, { seed: 0, count: 2 })).toThrow(
    DataError,
  );
});
