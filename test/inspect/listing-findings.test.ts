/** Tests that the checker names what training would not use of a folder, as a person sees it there and counts on it. */

import { execFileSync } from 'node:child_process';
import { rename, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { inspectDataset } from 'coarsely/inspect';
import { expect, it } from 'vitest';
import { put } from '../data/dataset-folder.js';
import { datasetFolder } from './inspected-folder.js';

it('names images of formats that are not read', async () => {
  const root = await datasetFolder();
  await put(join(root, 'images/train/phone.heic'), new Uint8Array(8));
  const { problems, verdict } = await inspectDataset(root);
  expect(problems).toMatchObject([
    { code: 'left-out', split: 'train', examples: ['images/train/phone.heic'] },
  ]);
  expect(verdict.usable).toBe(false);
});

it('names a split without an image', async () => {
  const root = await datasetFolder();
  await put(join(root, 'images/val2/notes.txt'), new Uint8Array(1));
  const { problems, verdict } = await inspectDataset(root);
  expect(problems).toMatchObject([{ code: 'left-out', split: 'val2', message: 'images/val2 has no image' }]);
  expect(verdict.usable).toBe(false);
});

it('names a pipe, and does not wait for it', async () => {
  const root = await datasetFolder();
  execFileSync('mkfifo', [join(root, 'images/train/pipe.png')]);
  const { problems } = await inspectDataset(root);
  expect(problems).toMatchObject([{ code: 'left-out', examples: ['images/train/pipe.png'] }]);
  expect(problems[0]?.message).toContain('no file but a pipe');
});

it('names a folder that cannot be read', async () => {
  const root = await datasetFolder();
  await rename(join(root, 'labels/train'), join(root, 'elsewhere'));
  await symlink('train', join(root, 'labels/train'));
  const { problems, verdict } = await inspectDataset(root);
  expect(problems.map(({ code }) => code)).toContain('unreadable-folder');
  expect(problems.map(({ message }) => message).join()).toMatch(/labels\/train/);
  expect(verdict.usable).toBe(false);
});

it('names a split to train on that has no labels, where others have', async () => {
  const root = await datasetFolder();
  await rename(join(root, 'labels/train'), join(root, 'labels/elsewhere'));
  const { problems, verdict } = await inspectDataset(root);
  expect(problems.map(({ code, split }) => `${code} ${split}`)).toContain('split-without-labels train');
  expect(verdict.usable).toBe(false);
});
