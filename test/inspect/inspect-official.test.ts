/** Tests the inspection of published datasets, which are recognized by the names of their folders. */

import { join } from 'node:path';
import { ConfigError, DataError } from 'coarsely/errors';
import { inspectDataset } from 'coarsely/inspect';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { put, temporaryFolder } from '../data/dataset-folder.js';
import { datasetFolder, gray, height, image, width } from './inspected-folder.js';

/** Encodes Cityscapes ids: road, car and, for the first pixels, "unlabeled". */
const fineIds = gray((pixel) => (pixel < 12 ? 0 : pixel < 48 ? 7 : 26));
const coarseIds = gray((pixel) => (pixel < 48 ? 0 : 26));

async function cityscapes(): Promise<string> {
  const root = await temporaryFolder();
  for (const [split, city] of [
    ['train', 'aachen'],
    ['val', 'lindau'],
    ['train_extra', 'bayreuth'],
  ] as const) {
    for (let sample = 0; sample < 2; sample++) {
      const name = `${city}_00000${sample}_000019`;
      await put(join(root, 'leftImg8bit', split, city, `${name}_leftImg8bit.png`), image(sample));
      const coarse = join(root, 'gtCoarse', split, city, `${name}_gtCoarse_labelIds.png`);
      if (split !== 'train_extra' || sample === 0) await put(coarse, coarseIds);
      const fine = join(root, 'gtFine', split, city, `${name}_gtFine_labelIds.png`);
      if (split !== 'train_extra') await put(fine, fineIds);
    }
  }
  return root;
}

describe('Cityscapes', () => {
  it('is recognized by its folders: splits, both sets of labels, classes by id', async () => {
    const { kind, splits, labelSets, problems, verdict } = await inspectDataset(await cityscapes());
    expect({ kind, problems }).toEqual({ kind: 'cityscapes', problems: [] });
    expect(splits.map(({ name, images }) => [name, images])).toEqual([
      ['train', 2],
      ['val', 2],
      ['train_extra', 1],
    ]);
    const fine = labelSets.find(({ name }) => name === 'fine');
    expect(fine?.unlabeledShare).toBe(0.125);
    const seen = fine?.perClass.filter(({ pixels }) => pixels > 0);
    expect(seen?.map(({ name, images }) => [name, images])).toEqual([
      ['road', 4],
      ['car', 4],
    ]);
    expect(verdict).toEqual({
      usable: true,
      train: { split: 'train', labels: 'coarse' },
      evaluation: { split: 'val', labels: 'fine' },
    });
  });

  it('has its coarse labels compared with the fine ones', async () => {
    const { comparisons } = await inspectDataset(await cityscapes());
    expect(comparisons.map(({ split, ratio, agreement }) => [split, ratio, agreement])).toEqual([
      ['train', 0.5 / 0.875, 1],
      ['val', 0.5 / 0.875, 1],
    ]);
  });

  it('may miss files of train_extra, which are named', async () => {
    const { hints } = await inspectDataset(await cityscapes());
    expect(hints).toEqual([
      expect.stringMatching(/^coarse\/train_extra: 1 sample is left out.*bayreuth_000001_000019/),
    ]);
  });

  it('reports an id that does not exist, by file and once', async () => {
    const root = await cityscapes();
    const file = 'gtCoarse/train/aachen/aachen_000001_000019_gtCoarse_labelIds.png';
    await put(
      join(root, file),
      gray(() => 99),
    );
    const { problems, verdict } = await inspectDataset(root);
    expect(problems).toMatchObject([
      {
        code: 'refused',
        split: 'train',
        labels: 'coarse',
        count: 1,
        examples: [expect.stringContaining(file)],
      },
    ]);
    expect(verdict.usable).toBe(false);
  });
});

describe('ADE20K', () => {
  it('is recognized by its folders, with 0 as not labeled and 1 as the first class', async () => {
    const root = await temporaryFolder();
    const jpeg = await sharp(Buffer.alloc(width * height * 3, 90), { raw: { width, height, channels: 3 } })
      .jpeg()
      .toBuffer();
    for (const [folder, name] of [
      ['training', 'ADE_train_1'],
      ['validation', 'ADE_val_1'],
    ] as const) {
      await put(join(root, 'images', folder, `${name}.jpg`), jpeg);
      await put(
        join(root, 'annotations', folder, `${name}.png`),
        gray((pixel) => (pixel < 24 ? 0 : 1)),
      );
    }
    const { kind, classes, labelSets, verdict } = await inspectDataset(root);
    expect([kind, classes?.length]).toEqual(['ade20k', 150]);
    expect(labelSets[0]?.unlabeledShare).toBe(0.25);
    expect(labelSets[0]?.perClass[0]).toMatchObject({ name: 'wall', share: 1, images: 2 });
    expect(verdict).toEqual({
      usable: true,
      train: { split: 'train', labels: 'annotations' },
      evaluation: { split: 'val', labels: 'annotations' },
    });
  });

  it('is a folder of one’s own where there is a classes.json', async () => {
    const splits = { training: 2, validation: 1 };
    const root = await datasetFolder({ splits, labels: { annotations: (pixel) => pixel % 3 } });
    expect(await inspectDataset(root)).toMatchObject({ kind: 'folder', verdict: { usable: true } });
    expect(await inspectDataset(root, { kind: 'ade20k' })).toMatchObject({ kind: 'ade20k' });
  });
});

describe('a kind that is asked for', () => {
  it('and has other folders is refused', async () => {
    const root = await datasetFolder();
    await expect(inspectDataset(root, { kind: 'cityscapes' })).rejects.toThrow(DataError);
  });

  it('and is not known is refused with the known ones', async () => {
    const root = await datasetFolder();
    const failed = inspectDataset(root, { kind: 'citiscapes' });
    await expect(failed).rejects.toThrow(ConfigError);
    await expect(failed).rejects.toThrow(/cityscapes/);
  });
});
