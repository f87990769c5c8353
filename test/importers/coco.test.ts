/** Files of COCO's form: every shape, several files and splits, and what is damaged. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { coco } from '#importers/coco/coco.js';
import { drawRows, readSource } from './read-source.js';

const folder = join(import.meta.dirname, 'files/coco');
const text = (name: string): string => readFileSync(join(folder, name), 'utf8');
const rows = (name: string): string[] => text(name).trimEnd().split('\n');

test('polygons, both forms of run lengths, crowds and key points are drawn where they lie', async () => {
  const { recognized, classes, count, images, findings } = await readSource(
    coco,
    { 'annotations/instances_train2017.json': text('instances_train2017.json') },
    { pictures: ['train2017/street.jpg', 'val2017/street.jpg', 'train2017/empty.jpg'] },
  );
  const file = 'annotations/instances_train2017.json';
  expect(recognized).toBe(`${file} has "images" and "annotations" of COCO`);
  expect(classes).toEqual(['person', 'car', 'tree', 'lamp']);
  expect(count).toBe(2);
  expect(findings).toEqual([
    `unknown-image @ ${file}: annotations[9]`,
    `ignored-shape @ ${file}: annotations[4]`,
    `box-only @ ${file}: annotations[5]`,
    `degenerate-shape @ ${file}: annotations[7]`,
    `degenerate-shape @ ${file}: annotations[7]`,
    `unknown-class @ ${file}: annotations[8]`,
    `mask-size @ ${file}: annotations[10]`,
    `unreadable-shape @ ${file}: annotations[11]`,
    `unreadable-shape @ ${file}: annotations[12]`,
  ]);
  const [street, empty] = images;
  expect(street).toMatchObject({
    path: 'train2017/street.jpg',
    size: { width: 16, height: 10 },
    split: 'train',
    source: file,
  });
  expect(empty).toMatchObject({ path: 'train2017/empty.jpg', annotations: [] });
  const drawn = drawRows(street, { width: 16, height: 10 });
  expect(drawn.areas).toEqual(rows('instances_train2017.txt'));
  expect(drawn.points).toEqual(rows('instances_train2017.points.txt'));
  expect(drawn.findings).toEqual([`invalid-coordinate @ ${file}: annotations[13]`]);
});

const image = (id: number | string, name: string) => ({ id, file_name: name, width: 4, height: 2 });
const square = (imageId: number | string, category: number, left: number) => ({
  image_id: imageId,
  category_id: category,
  segmentation: [[left, 0, left + 2, 0, left + 2, 2, left, 2]],
});
const categories = [{ id: 1, name: 'car' }];

test('each split has its file, as Roboflow writes them, and its group of classes is no class', async () => {
  const roboflow = {
    categories: [
      { id: 0, name: 'vehicles', supercategory: 'none' },
      { id: 1, name: 'car', supercategory: 'vehicles' },
    ],
    images: [image(0, '0001.jpg')],
    annotations: [square(0, 1, 0)],
  };
  const { classes, images, findings } = await readSource(
    coco,
    {
      'train/_annotations.coco.json': JSON.stringify(roboflow),
      'valid/_annotations.coco.json': JSON.stringify(roboflow),
    },
    { pictures: ['train/0001.jpg', 'valid/0001.jpg'] },
  );
  expect(classes).toEqual(['car']);
  expect(images.map(({ path, split }) => [path, split])).toEqual([
    ['train/0001.jpg', 'train'],
    ['valid/0001.jpg', 'val'],
  ]);
  expect(findings).toEqual([
    "group-class @ train/_annotations.coco.json: categories[0]: 'vehicles'",
    "group-class @ valid/_annotations.coco.json: categories[0]: 'vehicles'",
  ]);
});

test('things and stuff of one image come together, and panoptic files and captions are left out', async () => {
  const stuff = {
    images: [image('7', 'a.jpg')],
    annotations: [square('7', 92, 2)],
    categories: [{ id: 92, name: 'road' }],
  };
  const { images, findings } = await readSource(
    coco,
    {
      'annotations/instances_val.json': JSON.stringify({
        images: [image(7, 'a.jpg')],
        annotations: [square('7', 1, 0)],
        categories,
      }),
      'annotations/stuff_val.json': JSON.stringify(stuff),
      'annotations/captions_val.json': JSON.stringify({
        images: [image(7, 'a.jpg')],
        annotations: [{ image_id: 7, caption: 'A road' }],
      }),
      'annotations/panoptic_val.json': JSON.stringify({
        images: [image(7, 'a.jpg')],
        annotations: [{ image_id: 7, segments_info: [] }],
        categories,
      }),
    },
    { pictures: ['val/a.jpg'] },
  );
  expect(findings).toEqual([
    'other-file @ annotations/captions_val.json',
    'other-file @ annotations/panoptic_val.json',
    'joined-files @ annotations/stuff_val.json',
  ]);
  expect(images).toHaveLength(1);
  expect(images[0]?.annotations.map(({ place }) => place)).toEqual([
    'annotations[0]',
    'annotations/stuff_val.json: annotations[0]',
  ]);
  expect(drawRows(images[0], { width: 4, height: 2 }).areas).toEqual(['ccrr', 'ccrr']);
});

test('images that the file does not name are named', async () => {
  const content = { images: [image(1, 'a.jpg')], annotations: [], categories };
  const { findings } = await readSource(
    coco,
    { 'a.json': JSON.stringify(content) },
    { pictures: ['images/a.jpg', 'images/b.jpg', 'more/c.jpg'] },
  );
  expect(findings).toEqual(['image-without-annotations @ images/b.jpg']);
});

test('annotations may stand before the images and in any order, in text that begins with a mark', async () => {
  const content = {
    annotations: [square(2, 1, 0), square(1, 1, 0), square(2, 1, 2)],
    categories,
    images: [image(1, 'é".jpg'), image(2, 'b.jpg')],
  };
  const { images } = await readSource(coco, { 'a.json': `\uFEFF${JSON.stringify(content, null, 2)}` });
  expect(
    images.map(({ fileName, annotations }) => [fileName, annotations.map(({ place }) => place)]),
  ).toEqual([
    ['é".jpg', ['annotations[1]']],
    ['b.jpg', ['annotations[0]', 'annotations[2]']],
  ]);
});

test('what is no such file is refused in a line that says where', async () => {
  const read = (content: string) => readSource(coco, { 'a.json': content }, { only: 'a.json' });
  const panoptic = {
    images: [image(1, 'a.jpg')],
    annotations: [{ segments_info: [], image_id: 1 }],
    categories,
  };
  await expect(read(JSON.stringify(panoptic))).rejects.toThrow(
    'a.json: panoptic annotations are not read; import the file of instances, or their segmentation PNGs',
  );
  const sound = JSON.stringify({ images: [image(1, 'a.jpg')], categories, annotations: [square(1, 1, 0)] });
  await expect(read(sound.slice(0, -20))).rejects.toThrow('a.json: the JSON ends in the middle');
  await expect(read(sound.replace('"category_id":1', '"category_id":'))).rejects.toThrow(
    /^a\.json: annotations\[0\]: not valid JSON \(.*export or copy it again$/,
  );
  await expect(read('{"images": [{"id": 1, "file_name": "a.jpg"}], "annotations": []}')).rejects.toThrow(
    'a.json: has no list "categories"',
  );
  await expect(read('{"shapes": []}')).rejects.toThrow("has no file of COCO's form");
});

test('ids that come twice, and what has no name, are named', async () => {
  const { classes, images, findings } = await readSource(coco, {
    'a.json': JSON.stringify({
      images: [image(1, 'a.jpg'), image(1, 'b.jpg'), { id: 3 }, 4],
      annotations: [square(1, 1, 0), null],
      categories: [...categories, { id: 1, name: 'tree' }, { id: 2 }, { id: 5, name: '__proto__' }],
    }),
  });
  expect(classes).toEqual(['car', '__proto__']);
  expect(images.map(({ fileName }) => fileName)).toEqual(['a.jpg']);
  expect(findings).toEqual([
    'repeated-id @ a.json: images[1]',
    'unnamed-image @ a.json: images[2]',
    'unnamed-image @ a.json: images[3]',
    'unknown-image @ a.json: annotations[1]',
    'repeated-id @ a.json: categories[1]',
    'unnamed-class @ a.json: categories[2]',
  ]);
});
