/** Projects of Supervisely, Datumaro and Hasty: every shape, and what is damaged. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import type { AnnotatedImage } from 'coarsely/importers';
import { describe, expect, test } from 'vitest';
import { drawSparse } from '#importers/draw-sparse.js';
import { decodeBitmap } from '#importers/json-projects/bitmap.js';
import { datumaro } from '#importers/json-projects/datumaro.js';
import { hasty } from '#importers/json-projects/hasty.js';
import { supervisely } from '#importers/json-projects/supervisely.js';
import { rowsOfBytes } from '../support/rows.js';
import { imageRows } from './image-rows.js';
import { readSource } from './read-source.js';

const folder = join(import.meta.dirname, 'files');
const text = (name: string): string => readFileSync(join(folder, name), 'utf8');
const rows = (name: string): string[] => text(name).trimEnd().split('\n');

/** Returns the pixels that points and lines lie in, as [x, y, class]. */
function pointsOf(image: AnnotatedImage | undefined, classes: readonly string[]) {
  if (image?.size == null) throw new Error('no image of known size');
  const labels = new Map(classes.map((name, label) => [name, label]));
  const { points } = drawSparse(image, { ...image.size, labels, onFinding: () => {} });
  return points.map(({ x, y, class: label }) => [x, y, classes[label ?? -1]]);
}

const bitmaps: Record<'palette' | 'gray' | 'bit' | 'alpha', string> & { rows: string[] } = JSON.parse(
  text('supervisely/bitmap-golden.json'),
);

describe('Supervisely', () => {
  test.each(['palette', 'gray', 'bit', 'alpha'] as const)('packs masks as %s', (form) => {
    const { width, height, mask } = decodeBitmap(bitmaps[form], 'here');
    expect([width, height]).toEqual([5, 4]);
    expect(rowsOfBytes(mask, { width, characters: { 0: '.', 1: '#' } })).toEqual(bitmaps.rows);
  });

  test('a mask that unpacks to more than any is refused before it takes memory', () => {
    const bomb = deflateSync(Buffer.alloc(1 << 27)).toString('base64');
    expect(() => decodeBitmap(bomb, 'here')).toThrow('here: a mask that cannot be unpacked');
    const header = Buffer.from('89504e470d0a1a0a0000000d49484452000fffff000fffff08000000000000000000', 'hex');
    expect(() => decodeBitmap(deflateSync(header).toString('base64'), 'here')).toThrow(
      'here: a mask of 1048575×1048575 pixels, more than 50000000',
    );
  });

  const files = {
    'project/meta.json': text('supervisely/meta.json'),
    'project/train/ann/street.jpg.json': text('supervisely/street.jpg.json').replace(
      'BITMAP',
      bitmaps.palette,
    ),
  };

  test('draws every figure of a project', async () => {
    const read = await readSource(
      supervisely,
      { ...files, 'project/other/ann/old.json': '{"size": {"width": 2, "height": 1}, "objects": []}' },
      {
        pictures: [
          'project/train/img/street.jpg',
          'project/other/img/old.png',
          'project/other/img/street.jpg',
        ],
      },
    );
    expect(read.recognized).toBe('project/meta.json and files in project/other/ann');
    expect(read.classes).toEqual(['car', 'tree', 'wall', 'man', 'pole']);
    expect(read.count).toBe(2);
    expect(read.images.map(({ path, split }) => [path, split])).toEqual([
      ['project/other/img/old.png', null],
      ['project/train/img/street.jpg', 'train'],
    ]);
    const image = read.images[1];
    expect(imageRows(image)).toEqual(rows('supervisely/street.txt'));
    expect(pointsOf(image, ['man', 'pole'])).toEqual([
      [19, 0, 'pole'],
      [19, 1, 'pole'],
      [19, 2, 'pole'],
      [19, 3, 'pole'],
      [19, 4, 'pole'],
      [10, 9, 'man'],
    ]);
    const place = 'unreadable-shape @ project/train/ann/street.jpg.json: objects';
    expect(read.findings).toEqual([
      `${place}[5]: the geometry graph is not read`,
      `${place}[6]: a mask that cannot be unpacked; expected a zlib stream in base64`,
      expect.stringContaining(`${place}[7]: classTitle: `),
      `${place}[8]: points.exterior.0.1: expected a number`,
    ]);
  });

  test('names damaged files', async () => {
    const { findings, images } = await readSource(supervisely, {
      ...files,
      'project/train/ann/cut.jpg.json': '{"size": {"width": 2',
      'project/train/ann/empty.jpg.json': '{"objects": []}',
    });
    expect(images).toHaveLength(1);
    expect(findings.filter((finding) => finding.startsWith('unreadable-file'))).toEqual([
      expect.stringMatching(/^unreadable-file @ project\/train\/ann\/cut\.jpg\.json: not valid JSON \(/),
      'unreadable-file @ project/train/ann/empty.jpg.json: size: expected size with width and height; expected an annotation of Supervisely',
    ]);
    await expect(
      readSource(supervisely, { ...files, 'project/meta.json': '{"classes": {}}' }),
    ).rejects.toThrow(/^project\/meta\.json: classes: expected a list of classes$/);
  });
});

describe('Datumaro', () => {
  test('draws every annotation of an export', async () => {
    const read = await readSource(
      datumaro,
      { 'annotations/default.json': text('datumaro/default.json'), 'annotations/val.json': valText },
      { pictures: ['images/default/city/street.jpg', 'images/default/lane.png', 'images/val/lane.png'] },
    );
    expect(read.recognized).toBe('categories and items in annotations/default.json');
    expect(read.classes).toEqual(['car', 'tree', 'man', 'lamp']);
    expect(read.count).toBe(4);
    expect(read.images.map(({ path, split, size }) => [path, split, size])).toEqual([
      ['images/default/city/street.jpg', null, { width: 20, height: 10 }],
      ['images/default/lane.png', null, null],
      ['images/val/lane.png', 'val', { width: 2, height: 1 }],
    ]);
    const [image, , last] = read.images;
    expect(imageRows(image, { order: 'z' })).toEqual(rows('datumaro/default.txt'));
    // Labels are numbered in each file for itself.
    expect(imageRows(last)).toEqual(['l.']);
    expect(pointsOf(image, ['man', 'car'])).toEqual([
      [19, 0, 'man'],
      [12, 9, 'car'],
      [13, 9, 'car'],
      [14, 9, 'car'],
    ]);
    const place = 'annotations/default.json: items';
    expect(read.findings).toEqual([
      `other-result @ ${place}[0].annotations[6]`,
      `unknown-class @ ${place}[0].annotations[7]`,
      `unreadable-shape @ ${place}[0].annotations[8]: the type skeleton is not read`,
      `unreadable-shape @ ${place}[0].annotations[9]: runs of 5 pixels for an image of 20×10`,
      `unreadable-shape @ ${place}[0].annotations[10]: points: expected a list of points`,
      `no-item @ ${place}[2]: id: expected an id`,
    ]);
  });

  const valText = JSON.stringify({
    items: [
      {
        id: 'lane',
        image: { size: [1, 2] },
        annotations: [{ type: 'bbox', bbox: [0, 0, 1, 1], label_id: 0 }],
      },
    ],
    categories: { label: { labels: [{ name: 'lamp' }] } },
  });

  test('names what is damaged', async () => {
    const whole = text('datumaro/default.json');
    const read = (content: string) => readSource(datumaro, { 'a.json': content }, { only: 'a.json' });
    await expect(read(whole.slice(0, -40))).rejects.toThrow(/^a\.json: the JSON ends in the middle/);
    await expect(read('{"items": []}')).rejects.toThrow(
      /^a\.json: categories: expected categories; expected Datumaro's/,
    );
    await expect(read(whole.replace('"name": "no id"', '"name": '))).rejects.toThrow(
      /^a\.json: items\[2\]: not valid JSON \(/,
    );
  });

  test('ignores crowds, and counts them', async () => {
    const shape = { type: 'polygon', label_id: 0, points: [0, 0, 1, 0, 1, 2, 0, 2] };
    const items = [
      {
        id: 'a',
        image: { path: 'a.png', size: [2, 4] },
        annotations: [
          { ...shape, attributes: { is_crowd: false } },
          {
            ...shape,
            points: shape.points.map((value, at) => value + 2 * ((at + 1) % 2)),
            attributes: { is_crowd: true },
          },
        ],
      },
    ];
    const categories = { label: { labels: [{ name: 'car' }] } };
    const { images, findings } = await readSource(datumaro, {
      'annotations/a.json': JSON.stringify({ info: {}, categories, items }),
    });
    expect(images[0]?.annotations.map(({ className }) => className)).toEqual(['car', null]);
    expect(findings.filter((one) => one.startsWith('ignored'))).toEqual([
      'ignored-shape @ annotations/a.json: items[0].annotations[1]',
    ]);
  });
});

describe('Hasty', () => {
  test('draws boxes, polygons and masks', async () => {
    const read = await readSource(
      hasty,
      { 'export.json': text('hasty/export.json') },
      { pictures: ['train set/a.jpg', 'other/a.jpg'] },
    );
    expect(read.recognized).toBe('label_classes and images in export.json');
    expect(read.classes).toEqual(['car', 'sky']);
    expect(read.count).toBe(3);
    expect(read.images.map(({ fileName, path, split }) => [fileName, path, split])).toEqual([
      ['train set/a.jpg', 'train set/a.jpg', 'train'],
      ['other/a.jpg', 'other/a.jpg', null],
    ]);
    expect(imageRows(read.images[0], { order: 'z' })).toEqual(rows('hasty/export.txt'));
    const place = 'export.json: images';
    expect(read.findings).toEqual([
      `unreadable-shape @ ${place}[0].labels[3]: runs of 3 pixels for a box of 3×2, 6 pixels`,
      `unreadable-shape @ ${place}[0].labels[4]: neither a mask, a polygon nor a bbox`,
      expect.stringContaining(`unreadable-shape @ ${place}[0].labels[5]: class_name: `),
      `no-item @ ${place}[2]: width: expected a whole number of pixels`,
    ]);
  });
});
