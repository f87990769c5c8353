/** Inspects folders of points: their number, what labels say at their places, and files that training would refuse. */

import { join } from 'node:path';
import { inspectDataset } from 'coarsely/inspect';
import { expect, test } from 'vitest';
import { put } from '../data/dataset-folder.js';
import { allClasses, datasetFolder, halfLabeled } from './inspected-folder.js';

const write = (root: string, name: string, points: readonly object[]) =>
  put(join(root, 'points/train', `${name}.json`), JSON.stringify({ width: 12, height: 8, points }));

test('points are counted and compared with each folder of labels', async () => {
  const root = await datasetFolder({ labels: { coarse: halfLabeled, fine: allClasses } });
  // Rows of 12 pixels; a third of the 96 pixels is of each class, and the upper half has no coarse label.
  await write(root, 's1', [
    { x: 0, y: 0, class: 'road' },
    { x: 0, y: 5, class: 'car' },
    { x: 0, y: 7, class: 'car' },
  ]);
  await write(root, 's3', [
    { x: 5, y: 7, class: 'tree' },
    { x: 1, y: 1, class: null },
  ]);
  const { points, problems, verdict } = await inspectDataset(root);
  expect(problems).toEqual([]);
  expect(verdict.usable).toBe(true);
  expect(points).toEqual([
    {
      folder: 'points',
      split: 'train',
      images: 2,
      points: 4,
      unanswered: 1,
      perClass: [
        { name: 'road', points: 1 },
        { name: 'car', points: 2 },
        { name: 'tree', points: 1 },
      ],
      comparisons: [
        { labels: 'coarse', covered: 3 / 4, agreement: 2 / 3 },
        { labels: 'fine', covered: 1, agreement: 3 / 4 },
      ],
    },
  ]);
});

test('a file that training would refuse is a problem that leaves the other labels usable', async () => {
  const root = await datasetFolder();
  await write(root, 's1', [{ x: 0, y: 0, class: 'lorry' }]);
  const { points, problems, verdict } = await inspectDataset(root);
  expect(points).toEqual([]);
  expect(problems).toMatchObject([{ code: 'points', split: 'train', labels: 'points' }]);
  expect(problems[0]?.examples[0]).toMatch(/s1\.json: points\.0: no class 'lorry'/);
  expect(verdict.usable).toBe(true);
});
