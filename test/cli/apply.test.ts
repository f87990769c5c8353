/** Runs `coarsely apply` as a person does. */

import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadConfig } from '#cli/training/load-config.js';
import {
  accept,
  journalOf,
  put,
  regionOf,
  reviewedDataset,
  reviewFolder,
  rowsOf,
} from '../review/decisions.js';
import { coarsely } from './run-command.js';

test('says what changed, what people disagree about and what was left out, and exits with 1 for it', async () => {
  const root = reviewedDataset();
  const region = regionOf(['##....', '......', '......', '......'], { id: 'r2' });
  const anna = journalOf([accept({ seconds: 70 }), accept({ image: 'gone' } as object)], {
    name: 'anna.jsonl',
  });
  const ben = journalOf([{ ...accept({ by: 'ben' }), action: 'keep', region } as ReturnType<typeof accept>], {
    name: 'ben.jsonl',
  });
  const output = join(reviewFolder(), 'out');
  const { code, stdout, stderr } = await coarsely(['apply', anna, ben, output, '--data', root]);
  expect([code, stderr]).toEqual([1, '']);
  expect(stdout.split('\n')).toEqual([
    '2 decisions of 2 files (anna 1, ben 1): accept 1, keep 1',
    'they took 1:10',
    'changed 2 pixels in 1 label file',
    '',
    'from    to  pixels',
    'car   tree       2',
    '',
    'people disagree about 2 pixels, which stay as they were (--prefer NAME, or --prefer last, decides)',
    `  coarse/train/a: anna: car is tree (${anna}: line 1); ben: car is right (${ben}: line 1): 2 pixels`,
    '',
    '1 × the image of a decision is not in the dataset; the decision is left out',
    `  ${anna}: line 2: gone in images/train`,
    '',
    `wrote ${output}: images as 3 hard links, labels (coarse, fine) as files of their own`,
    'next: train on it',
    `  coarsely train quick --data ${output}`,
    '',
  ]);
  expect(await rowsOf(join(output, 'coarse/train/a.png'))).toEqual(['ccccrr', 'ttccrr', 'tttt..', 'tttt..']);

  const second = `${output}-2`;
  const preferred = await coarsely([
    ...['apply', anna, ben, second, '--data', root, '--prefer', 'anna', '--json'],
    ...['--set', 'data.labelEncoding=index'],
  ]);
  expect(JSON.parse(preferred.stdout)).toMatchObject({
    prefer: 'anna',
    changed: { pixels: 4 },
    disputedPixels: 0,
  });
  const alone = await coarsely(['apply', anna]);
  expect([alone.code, alone.stderr]).toEqual([
    2,
    `error: name the journals and then the new folder; '${anna}' is the only argument\n`,
  ]);
  const unset = await coarsely([
    'apply',
    anna,
    `${output}-3`,
    '--data',
    root,
    '--set',
    'training.iterations=3',
  ]);
  expect([unset.code, unset.stderr]).toEqual([
    1,
    'coarsely: apply: --set takes options of the dataset, such as data.labelSuffix=_mask, not training\n',
  ]);
  expect(existsSync(`${output}-3`)).toBe(false);
});

test('names the command that trains on what there is: only coarse labels, and answered points', async () => {
  const root = reviewedDataset();
  rmSync(join(root, 'fine'), { recursive: true });
  const tasks = join(reviewFolder(), 'tasks.json');
  const task = { split: 'train', image: 'a', width: 6, height: 4, x: 5, y: 3, class: 'car' };
  put(tasks, JSON.stringify({ dataset: root, labels: 'coarse', by: 'anna', tasks: [task] }));
  const output = join(reviewFolder(), 'out');
  const { code, stdout, stderr } = await coarsely(['apply', tasks, output]);
  expect([code, stderr]).toEqual([0, '']);
  const settings = '--set data.evaluation.labels=coarse --set data.points.split=train';
  expect(stdout.trimEnd().split('\n').slice(-2)).toEqual([
    'next: train on it',
    `  coarsely train quick --data ${output} ${settings}`,
  ]);
  // What is printed is accepted, and what was wrong before names the setting.
  const config = await loadConfig('quick', { data: output, set: settings.split(/ ?--set /).slice(1) });
  expect(config.data.points?.split).toBe('train');
  await expect(loadConfig('quick', { data: output, set: [] })).rejects.toThrow(
    `data.evaluation: ${output}/fine/val: no such folder; a dataset has images/SPLIT and LABELS/SPLIT folders\n` +
      "the labels of 'val' that are there are in coarse: --set data.evaluation.labels=coarse; " +
      `coarsely check ${output} prints the whole command`,
  );
});
