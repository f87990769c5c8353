/** Tests the inspection of a folder: what it counts, decodes and finds in the layout of files. */

import { mkdir, rename, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError } from 'coarsely/errors';
import { inspectDataset } from 'coarsely/inspect';
import { describe, expect, it } from 'vitest';
import { checkedLength, png, put, temporaryFolder } from '../data/dataset-folder.js';
import { allClasses, datasetFolder, gray, halfLabeled, image } from './inspected-folder.js';

const coarseAndFine = { labels: { coarse: halfLabeled, fine: allClasses } };

describe('a folder without a fault', () => {
  it('is counted: splits, label sets, sizes', async () => {
    const root = await datasetFolder(coarseAndFine);
    const tiny = { width: 6, height: 4 };
    const large = { width: 20, height: 10 };
    for (const [name, size] of [
      ['s8', tiny],
      ['s9', large],
    ] as const) {
      await put(join(root, `images/train/${name}.png`), image(9, size));
      const labels = png({ ...size, channels: 1, bytes: () => 1 });
      for (const set of ['coarse', 'fine']) await put(join(root, set, `train/${name}.png`), labels);
    }
    const { kind, splits, labelSets, problems } = await inspectDataset(root);
    expect({ kind, problems }).toEqual({ kind: 'folder', problems: [] });
    const small = { width: 12, height: 8 };
    expect(splits[0]).toEqual({
      name: 'train',
      images: 6,
      decoded: 6,
      turned: 0,
      sizes: {
        images: 6,
        smallest: tiny,
        median: small,
        largest: large,
        mostCommon: { ...small, images: 4 },
      },
      stored: {
        types: [{ type: '8-bit', files: 6 }],
        channels: [{ channels: 3, files: 6 }],
        severalPages: 0,
        range: null,
        normalization: expect.anything(),
      },
    });
    expect(splits[1]).toMatchObject({ name: 'val', images: 2, sizes: { largest: small } });
    expect(labelSets.map(({ name, splits: parts }) => [name, parts])).toEqual(
      ['coarse', 'fine'].map((set) => [
        set,
        [
          { name: 'train', files: 6, decoded: 6 },
          { name: 'val', files: 2, decoded: 2 },
        ],
      ]),
    );
  });

  it('has the share of unlabeled pixels, and each class with its share and its images', async () => {
    // Class 2 is in one file only, and class 1 in none.
    const rule = (pixel: number, sample: number) => (pixel < 24 ? 255 : sample === 0 && pixel < 60 ? 2 : 0);
    const root = await datasetFolder({ splits: { train: 2, val: 0 }, labels: { labels: rule } });
    const [labels] = (await inspectDataset(root)).labelSets;
    expect(labels).toMatchObject({
      unlabeledShare: 0.25,
      values: [0, 2, 255],
      forms: [{ form: '8-bit gray', files: 2 }],
      perClass: [
        { name: 'road', share: 0.75, pixels: 108, images: 2 },
        { name: 'car', share: 0, pixels: 0, images: 0 },
        { name: 'tree', share: 0.25, pixels: 36, images: 1 },
      ],
      neverSeen: ['car'],
    });
  });

  it('is trained on by its coarse labels and evaluated on its fine ones, which training accepts', async () => {
    const root = await datasetFolder(coarseAndFine);
    const { verdict } = await inspectDataset(root);
    expect(verdict).toEqual({
      usable: true,
      train: { split: 'train', labels: 'coarse' },
      evaluation: { split: 'val', labels: 'fine' },
    });
    expect(await checkedLength({ kind: 'folder', root, ...verdict.train })).toBe(4);
  });

  it('has its label sets told apart by what they label where names say nothing', async () => {
    const root = await datasetFolder({ labels: { 'a-labels': allClasses, 'b-labels': halfLabeled } });
    const { verdict } = await inspectDataset(root);
    expect([verdict.train?.labels, verdict.evaluation?.labels]).toEqual(['b-labels', 'a-labels']);
  });

  it('may have other folders beside it, which are not trained on', async () => {
    const root = await datasetFolder({ labels: { depth: (pixel) => pixel, labels: allClasses } });
    const { verdict, problems } = await inspectDataset(root);
    expect(verdict).toMatchObject({ usable: true, train: { labels: 'labels' } });
    expect(problems.map(({ code, labels }) => [code, labels])).toEqual([['unknown-label', 'depth']]);
  });

  it('with one split is evaluated on what it trains on, and says so', async () => {
    const { verdict, hints } = await inspectDataset(await datasetFolder({ splits: { train: 3 } }));
    expect(verdict.evaluation).toEqual({ split: 'train', labels: 'labels' });
    expect(hints).toContainEqual(expect.stringContaining('one labeled split only'));
  });
});

describe('what is decoded', () => {
  it('is spread evenly, the first and the last among it; the rest is counted by headers', async () => {
    const wrongEnds = (_: number, sample: number) => (sample === 0 || sample === 9 ? 9 : 0);
    const root = await datasetFolder({ splits: { train: 10 }, labels: { labels: wrongEnds } });
    const progress: number[] = [];
    const { splits, problems } = await inspectDataset(root, {
      sample: 3,
      onProgress: ({ done, total }) => progress.push(done / total),
    });
    expect(splits[0]).toMatchObject({ images: 10, decoded: 3, sizes: { images: 10 } });
    expect(problems[0]).toMatchObject({ code: 'unknown-label', count: 2 });
    expect(progress.at(-1)).toBe(1);
  });

  it('is everything when asked: a fault that the sample misses is found', async () => {
    const wrongSecond = (_: number, sample: number) => (sample === 1 ? 9 : 0);
    const root = await datasetFolder({ splits: { train: 9, val: 1 }, labels: { labels: wrongSecond } });
    const codes = async (sample: number | null) =>
      (await inspectDataset(root, { sample })).problems.map(({ code }) => code);
    expect(await codes(null)).toContain('unknown-label');
    expect(await codes(2)).not.toContain('unknown-label');
  });
});

describe('files that do not fit', () => {
  it('are named: images without labels, labels without an image', async () => {
    const root = await datasetFolder();
    await rm(join(root, 'labels/train/s1.png'));
    await rm(join(root, 'images/val/s0.png'));
    const { problems, verdict } = await inspectDataset(root);
    expect(
      problems.map(({ code, split, labels, count, examples }) => ({ code, split, labels, count, examples })),
    ).toEqual([
      {
        code: 'image-without-labels',
        split: 'train',
        labels: 'labels',
        count: 1,
        examples: ['images/train/s1.png'],
      },
      {
        code: 'labels-without-image',
        split: 'val',
        labels: 'labels',
        count: 1,
        examples: ['labels/val/s0.png'],
      },
    ]);
    expect(verdict.usable).toBe(false);
  });

  it('are one finding for many: the first few names, and the number', async () => {
    const root = await datasetFolder({ splits: { train: 12 } });
    for (let sample = 2; sample < 12; sample++) await rm(join(root, `labels/train/s${sample}.png`));
    const { problems } = await inspectDataset(root);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ count: 10, examples: { length: 5 } });
  });

  it('by an ending of their names are paired by it', async () => {
    const root = await datasetFolder();
    for (const split of ['train', 'val']) {
      for (const sample of split === 'train' ? [0, 1, 2, 3] : [0, 1]) {
        const file = join(root, 'labels', split, `s${sample}`);
        await rename(`${file}.png`, `${file}_mask.png`);
      }
    }
    const { problems, hints, labelSets, verdict } = await inspectDataset(root);
    expect(problems).toEqual([]);
    expect(hints).toContainEqual(
      'labels: label files are called NAME_mask.png and images NAME; paired by data.labelSuffix=_mask',
    );
    expect(labelSets[0]?.options).toEqual({ labelSuffix: '_mask' });
    expect(verdict.usable).toBe(true);
  });

  it('are found when they break off, also where only headers are read', async () => {
    const root = await datasetFolder({ splits: { train: 8, val: 1 } });
    await truncate(join(root, 'images/train/s3.png'), 80);
    await truncate(join(root, 'labels/train/s5.png'), 50);
    const { problems } = await inspectDataset(root, { sample: 1 });
    expect(problems.map(({ code, examples }) => [code, examples[0]])).toEqual([
      ['unreadable-image', expect.stringMatching(/^images\/train\/s3\.png \(.+\)$/)],
      ['unreadable-labels', expect.stringMatching(/^labels\/train\/s5\.png \(.+\)$/)],
    ]);
  });

  it('are found by their size', async () => {
    const root = await datasetFolder();
    await put(join(root, 'labels/train/s2.png'), png({ width: 6, height: 4, channels: 1, bytes: () => 0 }));
    const { problems } = await inspectDataset(root, { sample: 1 });
    expect(problems).toMatchObject([
      { code: 'wrong-size', count: 1, examples: ['labels/train/s2.png (6×4, image 12×8)'] },
    ]);
  });

  it('are found by a name that two of them have', async () => {
    const root = await datasetFolder();
    await put(join(root, 'images/train/s1.jpg'), image(1));
    const { problems } = await inspectDataset(root);
    expect(problems[0]).toMatchObject({ code: 'same-name', count: 1, examples: ['images/train/s1.png'] });
  });
});

describe('folders that do not fit', () => {
  it('images without splits', async () => {
    const root = await datasetFolder({ splits: { '.': 3 } });
    const { problems, splits } = await inspectDataset(root);
    expect(splits).toMatchObject([{ name: '.', images: 3 }]);
    expect(problems).toMatchObject([{ code: 'no-splits', remedy: expect.stringContaining('images/val') }]);
  });

  it('a split of the labels that the images do not have', async () => {
    const root = await datasetFolder();
    await rename(join(root, 'labels/val'), join(root, 'labels/validation'));
    const { problems } = await inspectDataset(root);
    expect(problems[0]).toMatchObject({
      code: 'labels-without-image',
      message: 'there is labels/validation, but no images/validation',
      count: 2,
    });
  });

  it('labels that are JPEGs', async () => {
    const root = await datasetFolder({ labels: {} });
    await put(join(root, 'labels/train/s0.jpg'), image(0));
    const codes = (await inspectDataset(root)).problems.map(({ code }) => code);
    expect(codes).toEqual(['labels-not-png', 'no-labels']);
  });

  it('no dataset at all: what was expected, and what is there', async () => {
    const root = await temporaryFolder();
    await put(join(root, 'photos/one/a.jpg'), image(0));
    await put(join(root, 'readme.txt'), 'hello');
    const { kind, expected, found, problems, verdict } = await inspectDataset(root);
    expect(kind).toBeNull();
    expect(expected).toContain('images/train/NAME.jpg');
    expect(found).toMatch(/photos\/\n {4}one\/ {3}1 \.jpg\n {2}1 \.txt$/);
    expect(problems[0]).toMatchObject({ code: 'not-a-dataset', remedy: expect.stringContaining('photos/') });
    expect(verdict).toEqual({ usable: false, train: null, evaluation: null });
  });

  it('a folder above or inside the dataset is told where it is', async () => {
    const root = await datasetFolder();
    const inside = await inspectDataset(join(root, 'labels'));
    expect(inside.problems[0]?.remedy).toContain(`coarsely check ${root}`);
    const above = await temporaryFolder();
    await mkdir(join(above, 'data'));
    await rename(root, join(above, 'data'));
    const outside = await inspectDataset(above);
    expect(outside.problems[0]?.remedy).toContain(`coarsely check ${join(above, 'data')}`);
  });

  it('no folder is an error that names it', async () => {
    await expect(inspectDataset('/nowhere/at-all')).rejects.toThrow(DataError);
    await expect(inspectDataset('/nowhere/at-all')).rejects.toThrow('/nowhere/at-all: no such folder');
  });

  it('not one labeled pixel', async () => {
    const root = await datasetFolder({ labels: { labels: () => 255 } });
    await put(
      join(root, 'labels/val/s0.png'),
      gray(() => 1),
    );
    const { problems, verdict } = await inspectDataset(root);
    expect(problems).toMatchObject([{ code: 'nothing-labeled', split: 'train', count: 4 }]);
    expect(verdict.usable).toBe(false);
  });
});
