/** Checks ranks among the numbers of several processes against one sorted list. */
import { expect, test } from 'vitest';
import { resultsOf, runRanks } from './run-ranks.js';

/** Returns numbers in [0, 1] as float32 holds them, with ties, extremes and neighbors that differ in the last bit. */
function numbersOf(rank: number, count: number): number[] {
  const random = Array.from({ length: count }, (_, index) =>
    Math.fround(Math.abs(Math.sin(index * 12.9898 + rank * 78.233) * 43758.5453) % 1),
  );
  return [...random, 0, 1, 0.5, 0.5, Math.fround(0.5 + 2 ** -24), Math.fround(1e-42), Math.fround(1 / 3)];
}

test('a rank among the numbers of all processes is exact, and so is the count below it', async () => {
  const lists = [numbersOf(0, 300), numbersOf(1, 11), []];
  const all = lists.flat().sort((a, b) => a - b);
  const ranks = all.map((_, rank) => rank);
  const reports = await runRanks<{ value: number; below: number }[]>('kth-smallest', {
    worldSize: 3,
    options: { lists, ranks },
  });
  const expected = ranks.map((rank) => ({ value: all[rank], below: all.indexOf(all[rank] as number) }));
  for (const found of resultsOf(reports)) expect(found).toEqual(expected);
});
