/** Reads the keys of points and clean labels, and checks what does not go together. */

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { checkConfig, configSchema, datasetSection } from 'coarsely/config';
import { checkDataset, openDataset } from 'coarsely/data';
import { expect, test } from 'vitest';
import { put, smallDataset } from '../data/dataset-folder.js';

const parse = (data: object) => configSchema.safeParse({ data: { root: 'r', ...data } });

test('points are of all splits that are trained on unless a config names one', () => {
  const points = (data: object) => parse(data).data?.data.points;
  expect(points({})).toBeNull();
  expect(points({ points: {} })).toEqual({ split: 'train', labels: 'points', share: 0.3, radius: 0 });
  expect(points({ train: { split: 'a+b' }, points: {} })?.split).toBe('a+b');
  expect(points({ train: { split: 'a+b' }, points: { split: 'b' } })?.split).toBe('b');
  const [issue] = parse({ points: { split: 'val' } }).error?.issues ?? [];
  expect(issue?.path).toEqual(['data', 'points', 'split']);
  expect(issue?.message).toBe(
    'expected splits that are trained on (train), as points are of training images, received val',
  );
});

test('clean labels train only with a share, and are of a few images', () => {
  const data = parse({ clean: { labels: 'fine', count: 3 } }).data?.data;
  expect(data?.clean).toMatchObject({
    split: 'train',
    labels: 'fine',
    count: 3,
    share: 0,
    missingLabels: 'skip',
  });
  expect(data && datasetSection(data, 'clean')).toMatchObject({ labels: 'fine', missingLabels: 'skip' });
  expect(data && datasetSection(data, 'clean')).not.toHaveProperty('share');
  expect(parse({ clean: { labels: 'fine', share: 1 } }).success).toBe(false);
});

test('a config is checked with the files that it names', async () => {
  const root = await smallDataset(3);
  const check = async (data: object) => {
    const parts = { train: { labels: 'labels' }, evaluation: { split: 'train', labels: 'labels' } };
    const config = configSchema.parse({ data: { root, ...parts, ...data }, output: join(root, 'runs') });
    const message = await checkConfig(config, { label: 'c', checkDataset }).then(
      () => 'none',
      (error: Error) => error.message,
    );
    return message.replaceAll(root, '');
  };
  expect(await check({ points: {} })).toMatch(/^data\.points: \/points\/train: no such folder;/);
  const points = [{ x: 1, y: 1, class: 'car' }];
  await put(join(root, 'points/train/sample-1.json'), JSON.stringify({ width: 12, height: 8, points }));
  expect(await check({ points: {} })).toBe('none');
  expect(await check({ points: { share: 0.6 }, clean: { labels: 'labels', share: 0.4 } })).toBe(
    'config c: data.points.share: 0.6 and data.clean.share: 0.4 leave nothing to the labels that train; expected a sum below 1',
  );
  expect(await check({ clean: { labels: 'fine', share: 0.4 } })).toMatch(
    /^data\.clean: \/fine\/train: no such folder.*\nthe labels of 'train' that are there are in labels: --set data\.clean\.labels=labels; /,
  );
  expect(await check({ evaluation: { labels: 'labels' } })).toMatch(
    /^data\.evaluation: \/images\/val: no such folder.*\nthe images that are there are in the split train: --set data\.evaluation\.split=train; /,
  );
});

test('images without a label file are left out where that is wanted', async () => {
  const root = await smallDataset(3);
  await rm(join(root, 'labels/train/sample-1.png'));
  const section = { kind: 'folder', root, split: 'train', labels: 'labels' };
  await expect(openDataset(section)).rejects.toThrow(/no labels; expected/);
  const some = await openDataset({ ...section, missingLabels: 'skip' });
  expect([some.name(0), some.name(1), some.length]).toEqual(['sample-0', 'sample-2', 2]);
  const { notes, problems } = await checkDataset({ ...section, missingLabels: 'skip' });
  expect(problems).toEqual([]);
  expect(notes?.map((note) => note.replace(root, ''))).toEqual([
    '/labels/train: labels of 2 of 3 images; the others are left out',
  ]);
});
