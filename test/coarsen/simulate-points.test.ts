/** Tests points that are drawn from exact labels: where they lie, that they repeat, and that no file is overwritten. */

import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { drawPoints, simulatePoints } from 'coarsely/coarsen';
import { openDataset, openPoints, RandomStream, readPointFile } from 'coarsely/data';
import { ConfigError, DataError } from 'coarsely/errors';
import { writeScenes } from 'coarsely/scenes';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { coarsely } from '../cli/run-command.js';

let folder: string;
let root: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coarsely-points-'));
  root = join(folder, 'scenes');
  await writeScenes(root, { train: 3, validation: 1, width: 96, height: 64 });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const open = (labels: string) => openDataset({ kind: 'folder', root, split: 'train', labels });

test('points are drawn where coarse labels have none, and fewer are the first of more', () => {
  const fine = Uint8Array.from([0, 1, 2, 255, 1, 0]);
  const coarse = Uint8Array.from([0, 255, 255, 255, 255, 0]);
  const drawn = (count: number) => drawPoints(fine, { coarse, count, random: new RandomStream(3, [0]) });
  expect([...drawn(9)].sort()).toEqual([1, 2, 4]);
  expect(drawn(9).slice(0, 2)).toEqual(drawn(2));
  const anywhere = drawPoints(fine, { count: 9, random: new RandomStream(3, [0]) });
  expect(anywhere.sort()).toEqual([0, 1, 2, 4, 5]);
});

test('a file for each image says what its exact labels say, again with the same seed', async () => {
  const [fine, coarse] = [await open('fine'), await open('coarse')];
  const target = join(folder, 'first');
  const result = await simulatePoints(fine, target, { count: 5, coarse, seed: 4 });
  expect(result).toMatchObject({ files: 3, points: 15, without: 0 });
  expect(result.byClass.reduce((sum, count) => sum + count, 0)).toBe(15);
  for (let index = 0; index < 3; index++) {
    const path = join(target, `${fine.name(index)}.json`);
    const file = await readPointFile(path, fine.classes);
    expect(file.more).toEqual({ simulated: true });
    const [exact, covered] = [await fine.readLabels?.(index), await coarse.readLabels?.(index)];
    for (const { x, y, class: label } of file.points) {
      expect(label).toBe(exact?.labels[y * 96 + x]);
      expect(covered?.labels[y * 96 + x]).toBe(255);
    }
  }
  await simulatePoints(fine, join(folder, 'second'), { count: 5, coarse, seed: 4 });
  await simulatePoints(fine, join(folder, 'other'), { count: 5, coarse, seed: 5 });
  const text = (name: string) => readFile(join(folder, name, `${fine.name(0)}.json`), 'utf8');
  expect(await text('second')).toBe(await text('first'));
  expect(await text('other')).not.toBe(await text('first'));
});

test('an existing file stays, and numbers that mean nothing are refused', async () => {
  const fine = await open('fine');
  const target = join(folder, 'taken');
  await simulatePoints(fine, target, { count: 2 });
  await writeFile(join(target, `${fine.name(1)}.json`), 'mine');
  await rm(join(target, `${fine.name(0)}.json`));
  await expect(simulatePoints(fine, target, { count: 2 })).rejects.toThrow(DataError);
  await expect(simulatePoints(fine, target, { count: 2 })).rejects.toThrow(
    `${join(target, `${fine.name(1)}.json`)}: exists already and is never overwritten; choose another folder or remove it`,
  );
  expect(await readFile(join(target, `${fine.name(1)}.json`), 'utf8')).toBe('mine');
  expect(await readdir(target)).toHaveLength(2);
  await expect(simulatePoints(fine, target, { count: 0 })).rejects.toThrow(ConfigError);
});

test('the command writes points that a config reads', async () => {
  const first = await coarsely(['coarsen', 'points', 'scenes', '--count', '4'], { cwd: folder });
  expect(first).toMatchObject({ code: 0, stderr: '' });
  expect(first.stdout).toMatch(/^wrote 12 points in 3 files to scenes\/points\/train\n/);
  const points = await openPoints(await open('coarse'), { root, labels: 'points', split: 'train' });
  expect([...points.values()].map(({ count }) => count)).toEqual([4, 4, 4]);
  const second = await coarsely(['coarsen', 'points', 'scenes', '--count', '4'], { cwd: folder });
  expect(second.code).not.toBe(0);
  expect(second.stderr).toMatch(/exists already and is never overwritten/);
});
