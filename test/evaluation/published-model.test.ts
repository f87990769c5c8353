/** Checks that a program can load a published checkpoint and compare its classes with those of a dataset. */
import { join } from 'node:path';
import { evaluate, loadPublishedModel } from 'coarsely/evaluation';
import { setThreads } from 'coarsely/torch';
import { describe, expect, test } from 'vitest';
import { compareClasses } from '#evaluation/load-published-model.js';

const fixture = join(import.meta.dirname, '../models/fixtures/deeplabv3plus-r18.pth');
const [road, building, car] = ['road', 'building', 'car'].map((name) => ({
  name,
  color: [1, 2, 3] as const,
}));
if (!road || !building || !car) throw new Error('three classes');

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

describe('classes', () => {
  const published = { classCount: 3, classes: [road, building, car] };

  test('agree whatever their capitals and spaces', () => {
    const expected = [road, { ...building, name: 'Build-ing' }, car];
    expect(compareClasses(published, { path: 'x.pth', expected })).toBeNull();
    expect(compareClasses({ classCount: 3, classes: null }, { path: 'x.pth', expected })).toBeNull();
  });

  test('in another order are reported', () => {
    expect(compareClasses(published, { path: 'x.pth', expected: [road, car, building] })).toBe(
      "class 1 is 'building' in x.pth and 'car' in the dataset",
    );
  });

  test('in another number are refused', () => {
    expect(() => compareClasses(published, { path: 'x.pth', expected: [road, car] })).toThrow(
      expect.objectContaining({
        code: 'config',
        message:
          'x.pth: predicts 3 classes, but the dataset has 2; choose the dataset that it was trained on ' +
          '(its classes: road, building, car)',
      }),
    );
  });
});
