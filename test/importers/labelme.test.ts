/** Labelme's files: every shape, what the tool's versions differ in, and what is damaged. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { labelme } from '#importers/labelme/labelme.js';
import { drawRows, readSource } from './read-source.js';

const folder = join(import.meta.dirname, 'files/labelme');
const text = (name: string): string => readFileSync(join(folder, name), 'utf8');
const rows = (name: string): string[] => text(name).trimEnd().split('\n');

test('every shape of Labelme is drawn where the tool shows it', async () => {
  const { recognized, classes, count, images, findings } = await readSource(
    labelme,
    { 'annotations/street.json': text('every-shape.json') },
    { pictures: ['pictures/street.jpg'] },
  );
  expect(recognized).toBe('annotations/street.json has "shapes" of Labelme');
  expect([classes, count, findings]).toEqual([
    null,
    1,
    ['ignored-shape @ annotations/street.json: shapes[11]'],
  ]);
  const [image] = images;
  expect(image).toMatchObject({
    fileName: '..\\pictures\\street.jpg',
    path: 'pictures/street.jpg',
    size: { width: 24, height: 16 },
    split: null,
    source: 'annotations/street.json',
  });
  const drawn = drawRows(image, { width: 24, height: 16 });
  expect(drawn.areas).toEqual(rows('every-shape.txt'));
  expect(drawn.points).toEqual(rows('every-shape.points.txt'));
  expect(drawn.findings).toEqual([]);
});

test('what cannot be read is named with its place, and the rest is drawn', async () => {
  const { images, findings } = await readSource(labelme, { 'train/old.json': text('oddities.json') });
  expect(findings).toEqual([
    'unknown-shape @ train/old.json: shapes[5]',
    'unnamed-shape @ train/old.json: shapes[6]',
    'unreadable-shape @ train/old.json: shapes[7]',
    'degenerate-shape @ train/old.json: shapes[8]',
    'degenerate-shape @ train/old.json: shapes[9]',
    'unreadable-shape @ train/old.json: shapes[10]',
    'mask-size @ train/old.json: shapes[11]',
    'unnamed-shape @ train/old.json: shapes[13]',
  ]);
  const [image] = images;
  expect(image).toMatchObject({ fileName: 'gone.png', path: null, size: null, split: 'train' });
  // The image itself lies in the file.
  expect(image?.embedded?.subarray(1, 4)).toEqual(Buffer.from('PNG'));
  const drawn = drawRows(image, { width: 12, height: 8 });
  expect(drawn.areas).toEqual(rows('oddities.txt'));
  expect(drawn.findings).toEqual([
    'degenerate-shape @ train/old.json: shapes[1]',
    'invalid-coordinate @ train/old.json: shapes[2]',
    'reaches-outside @ train/old.json: shapes[3]',
    'outside-image @ train/old.json: shapes[4]',
  ]);
});

const square = [
  [0, 0],
  [2, 0],
  [2, 2],
  [0, 2],
];
const file = (imagePath: string | null, more: object = {}): string =>
  JSON.stringify({ shapes: [{ label: 'car', points: square }], imagePath, imageData: null, ...more });

test('images are found by the path in the file, beside the file, or by its name, which is said', async () => {
  const { images, findings } = await readSource(
    labelme,
    {
      'a.json': file('a.png'),
      'b.json': file('old-name.jpg'),
      'c.json': file('C:\\Users\\ann\\pictures\\c.jpg'),
      'd.json': file(null),
      'e.json': file('../../etc/e.png'),
      'f.json': file('f.png', { imageWidth: -1, imageHeight: 2 }),
    },
    { pictures: ['a.png', 'b.png', 'c.jpg', 'd.jpg', 'f.png'] },
  );
  expect(images.map(({ path }) => path)).toEqual(['a.png', 'b.png', 'c.jpg', 'd.jpg', null, 'f.png']);
  expect(findings).toEqual([
    'image-by-file-name @ b.json: old-name.jpg',
    'image-elsewhere @ c.json: Users/ann/pictures/c.jpg (c.jpg)',
    'image-outside @ e.json: ../../etc/e.png',
    'invalid-size @ f.json: imageWidth, imageHeight',
  ]);
});

test('pictures in which nobody drew have no labels, and are none of another folder', async () => {
  const { images } = await readSource(
    labelme,
    { 'a.json': file('a.png') },
    { pictures: ['a.png', 'b.png', 'shown/a_mask.png'] },
  );
  expect(images.map(({ path, annotations }) => [path, annotations.length])).toEqual([
    ['a.png', 1],
    ['b.png', 0],
  ]);
  const { images: elsewhere } = await readSource(
    labelme,
    { 'json/a.json': file('a.png') },
    { pictures: ['photos/val/a.png', 'photos/val/b.png'], images: 'photos' },
  );
  expect(elsewhere.map(({ path, split }) => [path, split])).toEqual([
    ['photos/val/a.png', null],
    ['photos/val/b.png', 'val'],
  ]);
});

test('the picture of a damaged file is not one in which nobody drew', async () => {
  const cut = file('other\\name.png').replace(/,"imageData.*/, '');
  const { images, findings } = await readSource(
    labelme,
    {
      'a.json': file('a.png'),
      'b.json': cut,
      'c.json': '{"objects": []}',
      'd.json': '{"shapes": [',
      'e.json': file('gone.png', { imageData: Buffer.from(square.flat()).toString('base64') }),
    },
    { pictures: ['a.png', 'b.jpg', 'name.png', 'c.png', 'D.JPG', 'e.png', 'free.png', 'x/b.jpg'] },
  );
  expect(images.map(({ path, fileName, annotations }) => [path, fileName, annotations.length])).toEqual([
    ['a.png', 'a.png', 1],
    [null, 'gone.png', 1],
    ['free.png', 'free.png', 0],
  ]);
  expect(findings.map((finding) => finding.split(':')[0])).toEqual([
    'unreadable-file @ b.json',
    'other-file @ c.json',
    'unreadable-file @ d.json',
  ]);
  // The pictures lie in another folder, and two of them may be meant.
  const { images: elsewhere } = await readSource(
    labelme,
    { 'json/a.json': file('a.png'), 'json/b.json': cut },
    { pictures: ['x/a.png', 'x/b.png', 'y/b.png', 'x/c.png'] },
  );
  expect(elsewhere.map(({ path }) => path)).toEqual(['x/a.png', 'x/c.png']);
});

test('the list of labels gives the classes their order', async () => {
  const labels = '__ignore__\r\n_background_\r\ncar\r\nroad\r\ncar\r\n';
  const { classes } = await readSource(labelme, { 'a.json': file('a.png'), 'labels.txt': labels });
  expect(classes).toEqual(['car', 'road']);
});

test('damaged and other JSON files are named and left out', async () => {
  const { images, recognized, findings } = await readSource(labelme, {
    'a.json': '\uFEFF'.concat(file('a.png')),
    'b.json': file('b.png').slice(0, 40),
    'c.json': '{"version": "5.0.1", "objects": []}',
    'd.json': '',
    'e.json': Buffer.from([0x7b, 0xff, 0xfe, 0x00]),
  });
  expect(recognized).toBe('a.json has "shapes" of Labelme');
  expect(images.map(({ source }) => source)).toEqual(['a.json']);
  expect(findings.map((finding) => finding.split(';')[0]?.replace(/\(.*/, '…'))).toEqual([
    'unreadable-file @ b.json: not valid JSON …',
    'other-file @ c.json',
    'unreadable-file @ d.json: not valid JSON …',
    'unreadable-file @ e.json: not valid JSON …',
  ]);
  await expect(readSource(labelme, { 'a.txt': '' })).rejects.toThrow(
    'has no .json file, of which Labelme writes one an image',
  );
});

test('names of prototypes are classes like others', async () => {
  const shapes = ['__proto__', 'constructor'].map((label) => ({ label, points: square }));
  const { images } = await readSource(labelme, {
    'a.json': `{"__proto__": {"shapes": []}, "shapes": ${JSON.stringify(shapes)}}`,
  });
  expect(images[0]?.annotations.map(({ className }) => className)).toEqual(['__proto__', 'constructor']);
});
