/** Checks that several processes divide the features of a dataset among them, and that each has the whole table. */
import { expect, test } from 'vitest';
import { temporaryFolder } from '../data/dataset-folder.js';
import { writeImages } from '../quick/table-fixture.js';
import { resultsOf, runAlone, runRanks } from './run-ranks.js';

interface Opened {
  readonly digest: string;
  readonly computed: number;
}

test.each([
  [64, 'maps'],
  [2, 'rows'],
] as const)('three processes, %d MiB on disk for %s', async (diskMiB, _kept) => {
  const dataset = await writeImages(70);
  const shared = { dataset, memoryMiB: 1, diskMiB };
  const divided = { ...shared, cacheFolder: await temporaryFolder() };
  const reports = await runRanks<Opened>('feature-table', { worldSize: 3, options: divided });
  const results = resultsOf(reports);
  expect(results.map(({ computed }) => computed)).toEqual([24, 23, 23]);
  expect(reports.map(({ liveTensors }) => liveTensors)).toEqual([0, 0, 0]);
  const alone = await runAlone<Opened>('feature-table', { ...shared, cacheFolder: await temporaryFolder() });
  expect(results.map(({ digest }) => digest)).toEqual(Array(3).fill(resultsOf([alone])[0]?.digest));
});

test('without a folder that can be written every process computes all', async () => {
  const dataset = await writeImages(4);
  const options = { dataset, memoryMiB: 1, diskMiB: 0, cacheFolder: await temporaryFolder() };
  const results = resultsOf(await runRanks<Opened>('feature-table', { worldSize: 2, options }));
  expect(results[0]?.digest).toBe(results[1]?.digest);
});
