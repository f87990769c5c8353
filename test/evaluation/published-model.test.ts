/** Checks that a program can load a published checkpoint and score it. */
import { join } from 'node:path';
import { evaluate, loadPublishedModel } from 'coarsely/evaluation';
import { setThreads } from 'coarsely/torch';
import { expect, test } from 'vitest';

const fixture = join(import.meta.dirname, '../models/fixtures/deeplabv3plus-r18.pth');
setThreads(1);

test('it is in evaluation mode, scores a data set, and is freed with its block', async () => {
  using published = loadPublishedModel(fixture);
  if (published === null) throw new Error('expected a network');
  const { model, section, classCount } = published;
  expect(model.training).toBe(false);
  expect([section.head.kind, section.backbone.kind, classCount]).toEqual(['deeplabv3plus', 'resnet18', 3]);
  const size = { width: 32, height: 32 };
  const image = new Uint8Array(32 * 32 * 3).fill(90);
  const labels = new Uint8Array(32 * 32).fill(2, 256);
  const dataset = {
    classes: published.classes ?? [],
    length: 1,
    name: () => 'one',
    read: () => Promise.resolve({ name: 'one', ...size, image, labels }),
  };
  const { aAcc, perClass } = await evaluate(model, dataset, { precision: 'float32' });
  expect(aAcc).toBe(0.75);
  expect(perClass.map(({ name }) => name)).toEqual(['road', 'building', 'car']);
});
