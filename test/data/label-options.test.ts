/** Tests how labels are read that people have: palettes that differ, one class, EXIF, names with more than a name. */

import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { checkDataset, openDataset } from 'coarsely/data';
import { inspectDataset } from 'coarsely/inspect';
import { encode } from 'fast-png';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { findNaming, namingOptions } from '#data/files/find-naming.js';
import { grayLabels, put, smallDataset, temporaryFolder } from './dataset-folder.js';

const black = [0, 0, 0];
const red = [255, 0, 0];
const green = [0, 255, 0];

function palettePng(indices: readonly number[], palette: readonly (readonly number[])[]): Uint8Array {
  const data = Uint8Array.from(indices);
  const colors = palette.map((color) => [...color]);
  return encode({ width: 4, height: indices.length / 4, channels: 1, depth: 8, data, palette: colors });
}

async function photo(): Promise<Uint8Array> {
  return sharp(new Uint8Array(8 * 3), { raw: { width: 4, height: 2, channels: 3 } })
    .png()
    .toBuffer();
}

async function dataset(labels: readonly Uint8Array[], classes: unknown = ['bg', 'a', 'b']): Promise<string> {
  const root = await temporaryFolder();
  await put(join(root, 'classes.json'), JSON.stringify(classes));
  for (const [place, file] of labels.entries()) {
    await put(join(root, `images/train/${place}.png`), await photo());
    await put(join(root, `labels/train/${place}.png`), file);
  }
  return root;
}

const colored = { classes: ['bg', 'a', 'b'].map((name, at) => ({ name, color: [black, red, green][at] })) };
const folder = (root: string, options: object = {}) => ({ kind: 'folder', root, ...options });

describe('palettes', () => {
  const plain = palettePng([0, 0, 1, 1, 2, 2, 2, 2], [black, red, green]);
  const permuted = palettePng([2, 2, 1, 1, 0, 0, 0, 0], [green, red, black]);

  it('that are permuted together with the indices stop the check and the opening', async () => {
    const root = await dataset([plain, permuted]);
    const { problems } = await checkDataset(folder(root));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(
      /the palettes differ: index . \('.+'\) is \(.+\) in 1 file and \(.+\) in 1 file; /,
    );
    await expect(openDataset(folder(root))).rejects.toThrow(/the palettes differ/);
  });

  it('mean the same by color', async () => {
    const root = await dataset([plain, permuted], colored);
    const opened = await openDataset(folder(root, { labelEncoding: 'color' }));
    const [first, second] = [await opened.read(0), await opened.read(1)];
    expect([...(first.labels ?? [])]).toEqual([0, 0, 1, 1, 2, 2, 2, 2]);
    expect(second.labels).toEqual(first.labels);
  });

  it('do not matter by index', async () => {
    const root = await dataset([plain, permuted]);
    expect((await checkDataset(folder(root, { labelEncoding: 'index' }))).problems).toEqual([]);
  });

  it('without absent classes are told from those with all', async () => {
    const compacted = palettePng([0, 0, 1, 1, 1, 1, 1, 1], [black, green]);
    const root = await dataset([plain, compacted]);
    expect((await checkDataset(folder(root))).problems[0]).toMatch(
      /index 1 \('a'\) is \(255, 0, 0\) in 1 file/,
    );
  });

  it('in another order than the colors of classes.json are told', async () => {
    const root = await dataset([permuted], colored);
    expect((await checkDataset(folder(root))).problems[0]).toMatch(
      /index 0 of the palette has the color of 'b', which is 2 in classes\.json, in 1 file/,
    );
  });

  it('agree when they differ only in colors that are not used', async () => {
    const unused = palettePng([0, 0, 1, 1, 0, 0, 1, 1], [black, red, [9, 9, 9]]);
    const root = await dataset([plain, unused], colored);
    expect((await checkDataset(folder(root))).problems).toEqual([]);
  });
});

describe('labels whose value 0 means nothing', () => {
  const reduced = { reduceZeroLabel: true };

  it('are read one lower, and 0 and 255 are ignored', async () => {
    const root = await dataset([grayLabels(4, [0, 1, 2, 3, 255, 3, 2, 1])]);
    const { labels } = await (await openDataset(folder(root, reduced))).read(0);
    expect([...(labels ?? [])]).toEqual([255, 0, 1, 2, 255, 2, 1, 0]);
    const inspection = await inspectDataset(root, { options: reduced });
    expect(inspection.problems.map(({ code }) => code)).not.toContain('unknown-label');
    const unreduced = await inspectDataset(root);
    expect(unreduced.problems.map(({ code }) => code)).toContain('unknown-label');
  });

  it('may not have a value beyond the last class', async () => {
    const root = await dataset([grayLabels(4, [0, 1, 2, 3, 4, 3, 2, 1])]);
    const opened = await openDataset(folder(root, reduced));
    await expect(opened.read(0)).rejects.toThrow(/label 4 at pixel \(0, 1\) is not in the list of 3 classes/);
  });

  it('are values, not colors', async () => {
    const root = await dataset([palettePng([0, 0, 1, 1, 2, 2, 2, 2], [black, red, green])], colored);
    await expect(openDataset(folder(root, { ...reduced, labelEncoding: 'color' }))).rejects.toThrow(
      /reduceZeroLabel is about values/,
    );
  });

  it('have palettes that are compared with each other, not with the class list', async () => {
    const one = palettePng([0, 0, 1, 1, 2, 2, 3, 3], [[9, 9, 9], black, red, green]);
    const root = await dataset([one, one], colored);
    expect((await checkDataset(folder(root, reduced))).problems).toEqual([]);
    const other = palettePng([0, 0, 1, 1, 2, 2, 3, 3], [[9, 9, 9], red, black, green]);
    const mixed = await dataset([one, other], colored);
    expect((await checkDataset(folder(mixed, reduced))).problems[0]).toMatch(/the palettes differ/);
  });
});

describe('unlabeled pixels', () => {
  const mask = grayLabels(4, [0, 0, 255, 255, 255, 255, 255, 255]);

  it('leave one class alone, which is refused', async () => {
    const root = await dataset([mask], ['crack']);
    expect((await checkDataset(folder(root))).problems[0]).toContain("'crack' is the only class");
    await expect(openDataset(folder(root))).rejects.toThrow(/unlabeled: background/);
  });

  it('belong to a class of their own when one is named, in the config or in classes.json', async () => {
    const root = await dataset([mask], { classes: ['crack'], unlabeled: 'background' });
    const opened = await openDataset(folder(root));
    expect(opened.classes.map(({ name }) => name)).toEqual(['crack', 'background']);
    expect([...((await opened.read(0)).labels ?? [])]).toEqual([0, 0, 1, 1, 1, 1, 1, 1]);
    const other = await dataset([mask], ['crack']);
    expect((await openDataset(folder(other, { unlabeled: 'background' }))).classes).toEqual(opened.classes);
  });
});

describe('EXIF orientation', () => {
  it('explains swapped sides, and can be ignored', async () => {
    const root = await dataset([grayLabels(4, [0, 0, 1, 1, 2, 2, 2, 2])]);
    await rename(join(root, 'images/train/0.png'), join(root, 'turned.png'));
    const turned = await sharp(join(root, 'turned.png')).jpeg().withMetadata({ orientation: 6 }).toBuffer();
    await put(join(root, 'images/train/0.jpg'), turned);
    expect((await checkDataset(folder(root))).problems[0]).toContain(
      'labels are 4×2, but the image is 2×4: its EXIF orientation 6 was applied; if the labels were drawn on the pixels as stored',
    );
    const ignoring = folder(root, { images: { exif: 'ignore' } });
    const { problems, notes } = await checkDataset(ignoring);
    expect(problems).toEqual([]);
    expect(notes?.[0]).toContain('1 image has an EXIF orientation other than upright, which is ignored');
    expect(await (await openDataset(ignoring)).read(0)).toMatchObject({ width: 4, height: 2 });
  });
});

describe('names', () => {
  it('may have a suffix, which is named where it is missing', async () => {
    const root = await smallDataset(3);
    for (const at of [0, 1, 2]) {
      const path = join(root, `labels/train/sample-${at}`);
      await rename(`${path}.png`, `${path}_mask.png`);
    }
    expect((await checkDataset(folder(root))).problems).toEqual([
      expect.stringContaining('set data.labelSuffix: _mask'),
    ]);
    const { problems, length } = await checkDataset(folder(root, { labelSuffix: '_mask' }));
    expect([problems, length]).toEqual([[], 3]);
  });

  it('may lie in subfolders, where hidden files and folders of systems are none', async () => {
    const root = await smallDataset(2);
    for (const set of ['images', 'labels']) {
      await mkdir(join(root, set, 'train/city'));
      await rename(join(root, set, 'train/sample-1.png'), join(root, set, 'train/city/sample-1.png'));
      await put(join(root, set, 'train/._sample-0.png'), 'not an image');
      await put(join(root, set, 'train/.ipynb_checkpoints/sample-0.png'), 'not an image');
      await put(join(root, set, 'train/__MACOSX/sample-0.png'), 'not an image');
    }
    const { problems, length } = await checkDataset(folder(root));
    expect([problems, length]).toEqual([[], 2]);
    const opened = await openDataset(folder(root));
    expect([opened.name(0), opened.name(1)]).toEqual(['sample-0', 'city/sample-1']);
  });

  it('are paired when their accents are stored differently, which is noted', async () => {
    const root = await smallDataset(1);
    await rename(join(root, 'images/train/sample-0.png'), join(root, 'images/train/caf\u00e9.png'));
    await rename(join(root, 'labels/train/sample-0.png'), join(root, 'labels/train/cafe\u0301.png'));
    const { problems, notes } = await checkDataset(folder(root));
    expect(problems).toEqual([]);
    expect(notes?.[0]).toContain('1 image and its label file store the accents of their name differently');
    expect((await (await openDataset(folder(root))).read(0)).name).toBe('caf\u00e9');
  });
});

describe('findNaming', () => {
  it.each([
    [['a', 'b'], ['a_mask', 'b_mask'], { labelSuffix: '_mask' }],
    [['img_0', 'img_1'], ['seg_0', 'seg_1'], { imagePrefix: 'img_', labelPrefix: 'seg_' }],
    [
      ['x_1_leftImg8bit'],
      ['x_1_gtFine_labelIds'],
      { imageSuffix: '_leftImg8bit', labelSuffix: '_gtFine_labelIds' },
    ],
    [['city/a', 'b'], ['city/m-a', 'm-b'], { labelPrefix: 'm-' }],
  ])('finds what %j and %j add to their names', (images, labels, options) => {
    const found = findNaming(images, labels);
    expect(found && namingOptions(found)).toEqual(options);
  });

  it('leaves a choice between two sets of labels to a person, and names that match alone', () => {
    expect(findNaming(['a', 'b'], ['a_color', 'a_mask', 'b_color', 'b_mask'])).toBeNull();
    expect(findNaming(['a', 'b'], ['a', 'b_mask'])).toBeNull();
    expect(findNaming(['a'], ['q'])).toBeNull();
  });
});
