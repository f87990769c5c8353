/** Tests dataset folders as they should be, and the message for each way in which one can be wrong. */

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { checkDataset, openDataset, readClassList, readImage } from 'coarsely/data';
import { DataError } from 'coarsely/errors';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import {
  checkedLength,
  grayLabels,
  png,
  put,
  smallDataset,
  temporaryFolder,
  threeClasses,
} from './dataset-folder.js';

const describeFolder = (root: string, options: Record<string, unknown> = {}) => ({
  kind: 'folder',
  root,
  ...options,
});

/** Returns the message of the DataError that a promise rejects with, without the dataset's root. */
async function problemOf(promise: Promise<unknown>, root: string): Promise<string> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ name: 'DataError', code: 'data' });
  return (error as Error).message.replaceAll(`${root}/`, '');
}

describe('a dataset folder', () => {
  it('gives classes and samples in the order of their names', async () => {
    const root = await smallDataset(3);
    const dataset = await openDataset(describeFolder(root));
    expect(dataset.classes).toEqual(threeClasses.classes);
    expect(dataset.length).toBe(3);
    expect([0, 1, 2].map((index) => dataset.name(index))).toEqual(['sample-0', 'sample-1', 'sample-2']);
    const sample = await dataset.read(2);
    expect([sample.width, sample.height]).toEqual([12, 8]);
    expect([...sample.image.subarray(0, 4)]).toEqual([62, 69, 76, 83]);
    expect([...(sample.labels ?? [])].slice(0, 4)).toEqual([2, 0, 1, 2]);
    expect(await checkedLength(describeFolder(root), { deep: true })).toBe(3);
  });

  it('takes labels from the folder that is named, or none', async () => {
    const root = await smallDataset(1);
    await put(join(root, 'coarse/train/sample-0.png'), grayLabels(12, Array(96).fill(255).fill(1, 0, 5)));
    const coarse = await openDataset(describeFolder(root, { labels: 'coarse' }));
    expect([...((await coarse.read(0)).labels ?? [])].slice(3, 7)).toEqual([1, 1, 255, 255]);
    const images = await openDataset(describeFolder(root, { labels: null }));
    expect((await images.read(0)).labels).toBeNull();
  });

  it('can be described to another thread', async () => {
    const description = describeFolder(await smallDataset(1));
    expect((await openDataset(structuredClone(description))).length).toBe(1);
  });

  it('refuses options it does not have', async () => {
    const root = await smallDataset(1);
    const open = async () => openDataset(describeFolder(root, { spilt: 'train' }));
    await expect(open()).rejects.toMatchObject({ code: 'config', message: expect.stringContaining('spilt') });
    const check = async () => checkDataset(describeFolder(root, { spilt: 'train' }));
    await expect(check()).rejects.toMatchObject({
      code: 'config',
      message: expect.stringContaining('spilt'),
    });
  });
});

describe('images', () => {
  it('are turned as EXIF says, and measured like that', async () => {
    const root = await temporaryFolder();
    await put(join(root, 'classes.json'), JSON.stringify(threeClasses));
    const pixels = Uint8Array.from([255, 0, 0, 0, 0, 255]);
    const turned = await sharp(pixels, { raw: { width: 2, height: 1, channels: 3 } })
      .withMetadata({ orientation: 6 })
      .png()
      .toBuffer();
    await put(join(root, 'images/train/a.png'), turned);
    await put(join(root, 'labels/train/a.png'), grayLabels(1, [0, 1]));
    const description = describeFolder(root);
    const sample = await (await openDataset(description)).read(0);
    expect([sample.width, sample.height]).toEqual([1, 2]);
    expect([...sample.image]).toEqual([255, 0, 0, 0, 0, 255]);
    expect(await checkedLength(description)).toBe(1);
  });

  it('lose alpha, and become RGB when gray, of 16 bits or WebP', async () => {
    const root = await temporaryFolder();
    const alpha = join(root, 'alpha.png');
    await put(
      alpha,
      png({ width: 1, height: 1, channels: 4, bytes: (place) => [10, 20, 30, 40][place] ?? 0 }),
    );
    expect([...(await readImage(alpha)).image]).toEqual([10, 20, 30]);
    const gray = join(root, 'gray.png');
    await put(gray, grayLabels(2, [7, 200]));
    expect([...(await readImage(gray)).image]).toEqual([7, 7, 7, 200, 200, 200]);
    const deep = join(root, 'deep.png');
    const data = Uint16Array.from([65535, 0, 32896]);
    await sharp(data, { raw: { width: 1, height: 1, channels: 3 } })
      .toColourspace('rgb16')
      .png()
      .toFile(deep);
    expect([...(await readImage(deep)).image]).toEqual([255, 0, 128]);
    const webp = join(root, 'a.webp');
    await sharp({ create: { width: 3, height: 2, channels: 3, background: '#204060' } })
      .webp({ lossless: true })
      .toFile(webp);
    const read = await readImage(webp);
    expect([read.width, read.height, ...read.image.subarray(0, 3)]).toEqual([3, 2, 0x20, 0x40, 0x60]);
  });
});

describe('what is wrong with a folder', () => {
  it('no images folder', async () => {
    const root = await smallDataset(1);
    const problem = await problemOf(checkedLength(describeFolder(root, { split: 'val' })), root);
    expect(problem).toBe('images/val: no such folder; a dataset has images/SPLIT and LABELS/SPLIT folders');
  });

  it('no labels folder', async () => {
    const root = await smallDataset(1);
    const problem = await problemOf(openDataset(describeFolder(root, { labels: 'fine' })), root);
    expect(problem).toBe('fine/train: no such folder; a dataset has images/SPLIT and LABELS/SPLIT folders');
  });

  it('an empty split', async () => {
    const root = await smallDataset(1);
    await rm(join(root, 'images/train/sample-0.png'));
    expect(await problemOf(openDataset(describeFolder(root)), root)).toBe(
      "images/train: split 'train' holds no image; expected PNG, JPEG, WebP, TIFF, BMP, GIF or AVIF files",
    );
  });

  it('images without labels, labels without an image', async () => {
    const root = await smallDataset(3);
    await rm(join(root, 'labels/train/sample-1.png'));
    expect(await problemOf(openDataset(describeFolder(root)), root)).toBe(
      'images/train/sample-1.png: no labels; expected labels/train/sample-1.png',
    );
    await rm(join(root, 'images/train/sample-2.png'));
    expect(
      (await checkDataset(describeFolder(root))).problems.map((line) => line.replaceAll(`${root}/`, '')),
    ).toEqual([
      'images/train/sample-1.png: no labels; expected labels/train/sample-1.png',
      'labels/train/sample-2.png: labels without an image; expected sample-2 in images/train',
    ]);
    expect(await problemOf(openDataset(describeFolder(root)), root)).toMatch(/\n\(and 1 more\)$/);
  });

  it('two images of one name', async () => {
    const root = await smallDataset(1);
    await put(join(root, 'images/train/sample-0.jpg'), '');
    expect(await problemOf(openDataset(describeFolder(root)), root)).toBe(
      'images/train/sample-0.png: has the same name as images/train/sample-0.jpg; keep one of the two',
    );
  });

  it('labels of another size', async () => {
    const root = await smallDataset(1);
    await put(join(root, 'labels/train/sample-0.png'), grayLabels(3, [0, 1, 2, 0, 1, 2]));
    const line = 'labels/train/sample-0.png: labels are 3×2, but the image is 12×8';
    expect(await problemOf(checkedLength(describeFolder(root)), root)).toBe(line);
    const dataset = await openDataset(describeFolder(root));
    expect(await problemOf(dataset.read(0), root)).toBe(line);
  });

  it('a truncated image', async () => {
    const root = await smallDataset(1);
    const pixels = Uint8Array.from({ length: 64 * 64 * 3 }, (_, place) => (place * place) % 251);
    const whole = await sharp(pixels, { raw: { width: 64, height: 64, channels: 3 } })
      .jpeg()
      .toBuffer();
    await rm(join(root, 'images/train/sample-0.png'));
    await put(join(root, 'images/train/sample-0.jpg'), whole.subarray(0, Math.floor(whole.length / 2)));
    await put(join(root, 'labels/train/sample-0.png'), grayLabels(64, Array(4096).fill(1)));
    for (const deep of [false, true]) {
      const problem = await problemOf(checkedLength(describeFolder(root), { deep }), root);
      expect(problem).toMatch(
        /^images\/train\/sample-0\.jpg: cannot be decoded as an image \(.*premature end/,
      );
      expect(problem).not.toContain('\n');
    }
  });

  it.each(['jpeg', 'png', 'webp'] as const)(
    'a truncated %s or its labels, wherever in the split',
    async (format) => {
      // The quick check reads the labels of 50 samples, and sample 7 is not among them.
      const count = 52;
      const root = await smallDataset(count);
      const pixels = Uint8Array.from({ length: 64 * 64 * 3 }, (_, place) => (place * place) % 251);
      const whole = await sharp(pixels, { raw: { width: 64, height: 64, channels: 3 } })
        .toFormat(format)
        .toBuffer();
      const labels = grayLabels(
        64,
        Array.from({ length: 4096 }, (_, place) => (place * place) % 3),
      );
      const broken = join(root, `images/train/sample-7.${format}`);
      const labelFile = join(root, 'labels/train/sample-7.png');
      await rm(join(root, 'images/train/sample-7.png'));
      await put(labelFile, labels);
      // A short or long appendix is not damage.
      for (const appendix of [100, 20_000]) {
        await put(broken, Buffer.concat([whole, Buffer.alloc(appendix, 65)]));
        expect(await checkedLength(describeFolder(root))).toBe(count);
      }
      await put(broken, whole.subarray(0, Math.floor(whole.length * 0.7)));
      const problem = await problemOf(checkedLength(describeFolder(root)), root);
      expect(problem.split('\n')).toHaveLength(1);
      expect(problem).toContain(`images/train/sample-7.${format}: cannot be decoded as an image (`);
      await put(broken, whole);
      await put(labelFile, labels.slice(0, -20));
      expect(await problemOf(checkedLength(describeFolder(root)), root)).toMatch(
        /^labels\/train\/sample-7\.png: damaged or truncated PNG \(/,
      );
    },
  );

  it('an image that is gone, named once', async () => {
    const path = join(await temporaryFolder(), 'gone.jpg');
    await expect(readImage(path)).rejects.toThrow(
      new DataError(`${path}: cannot be read (ENOENT: no such file or directory)`),
    );
  });

  it('an image that is none', async () => {
    const root = await smallDataset(1);
    await put(join(root, 'images/train/sample-0.png'), 'text');
    const problem = await problemOf(checkedLength(describeFolder(root)), root);
    expect(problem).toMatch(/^images\/train\/sample-0\.png: cannot be decoded as an image \(/);
  });

  it('a label outside the list', async () => {
    const root = await smallDataset(2);
    await put(join(root, 'labels/train/sample-1.png'), grayLabels(12, Array(96).fill(1).fill(4, 50)));
    const line =
      'labels/train/sample-1.png: label 4 at pixel (2, 4) is not in the list of 3 classes and not the ignored value';
    const dataset = await openDataset(describeFolder(root));
    expect(await problemOf(dataset.read(1), root)).toBe(line);
    expect(await problemOf(checkedLength(describeFolder(root)), root)).toBe(line);
  });

  it('no labeled pixel in the whole split', async () => {
    const root = await smallDataset(2);
    for (const name of ['sample-0', 'sample-1']) {
      await put(join(root, `labels/train/${name}.png`), grayLabels(12, Array(96).fill(255)));
    }
    expect(await problemOf(checkedLength(describeFolder(root)), root)).toBe(
      'labels/train: the split has no labeled pixel in any of 2 files; label some or choose another split',
    );
    await put(join(root, 'labels/train/sample-1.png'), grayLabels(12, Array(96).fill(255).fill(0, 95)));
    expect(await checkedLength(describeFolder(root))).toBe(2);
  });
});

describe('classes.json', () => {
  const problemWith = async (content: string): Promise<string> => {
    const root = await temporaryFolder();
    const path = join(root, 'classes.json');
    await put(path, content);
    return problemOf(readClassList(path), root);
  };

  it('may be a bare list, and may leave colors out', async () => {
    const path = join(await temporaryFolder(), 'classes.json');
    await put(path, '[{ "name": "a" }, { "name": "b", "color": [1, 2, 3] }, { "name": "c" }]');
    const { classes, ignoredValue } = await readClassList(path);
    expect(ignoredValue).toBe(255);
    expect(classes).toEqual([
      { name: 'a', color: [128, 0, 0] },
      { name: 'b', color: [1, 2, 3] },
      { name: 'c', color: [128, 128, 0] },
    ]);
  });

  it('is missing', async () => {
    const root = await smallDataset(1);
    await rm(join(root, 'classes.json'));
    expect(await problemOf(openDataset(describeFolder(root)), root)).toMatch(
      /^classes\.json: cannot be read; a dataset folder needs it, with \{ "classes"/,
    );
  });

  it('is not JSON, or says something else', async () => {
    expect(await problemWith('{ classes')).toMatch(/^classes\.json: not valid JSON \(/);
    for (const empty of ['{ "classes": [] }', '[]']) {
      expect(await problemWith(empty)).toMatch(
        /^classes\.json: classes: the list is empty, .*; write \{ "classes"/,
      );
    }
    expect(await problemWith('"road"')).toMatch(/^classes\.json: expected a list of classes; write \{/);
    expect(await problemWith('[1]')).toMatch(/^classes\.json: classes\.0: expected a class with a name; /);
    expect(await problemWith('{ "classes": [{ "name": "a", "color": [0, 0, 256] }] }')).toMatch(
      /^classes\.json: classes\.0\.color\.2: expected a whole number from 0 to 255; /,
    );
    const twice = { name: 'a', color: [1, 2, 3] };
    expect(await problemWith(JSON.stringify({ classes: [twice, twice] }))).toBe(
      "classes.json: class 'a' is listed twice",
    );
    expect(await problemWith('{ "classes": [{ "name": "a" }], "ignoreIndex": 0 }')).toBe(
      "classes.json: ignoreIndex 0 is also the index of class 'a'; use 255",
    );
  });

  it.each([
    ['[{ "name": "a" }, { "name": "b", "colour": [1, 2, 3] }]', 'classes.1.colour; did you mean color?'],
    ['[{ "nmae": "a" }]', 'classes.0.nmae; did you mean name?'],
    ['{ "clases": [{ "name": "a" }] }', 'clases; did you mean classes?'],
    ['{ "classes": [{ "name": "a" }], "ignore": 0 }', 'ignore (known here: classes, ignoreIndex, unlabeled)'],
  ])('has a key that is not known: %s', async (content, expected) => {
    expect(await problemWith(content)).toBe(`classes.json: unknown key ${expected}`);
  });

  it('gives two classes one color', async () => {
    const entries = ['a', 'b', 'c'].map((name) => ({ name, color: name === 'b' ? [4, 5, 6] : [1, 2, 3] }));
    expect(await problemWith(JSON.stringify(entries))).toBe(
      "classes.json: classes 'a' and 'c' share the color 1,2,3; change one",
    );
  });

  it('gives a class the color that another would have had', async () => {
    const path = join(await temporaryFolder(), 'classes.json');
    await put(path, '[{ "name": "a" }, { "name": "b", "color": [128, 0, 0] }, { "name": "c" }]');
    const { classes } = await readClassList(path);
    expect(classes.map(({ color }) => color)).toEqual([
      [0, 128, 0],
      [128, 0, 0],
      [128, 128, 0],
    ]);
  });
});
