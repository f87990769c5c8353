/** Imports plain masks. */

import { encode } from 'fast-png';
import { expect, test } from 'vitest';
import { parseClassLines } from '#importers/masks/class-list-file.js';
import { masks } from '#importers/masks/masks.js';
import { imageRows } from './image-rows.js';
import { rgbPng, valuePng } from './import-files.js';
import { type ReadSource, readSource } from './read-source.js';

const small = { width: 4, height: 1 };
const photo = rgbPng({ width: 4, height: 1 }, (pixel) => [pixel * 7, 200 - pixel, pixel * 31]);

function value(...values: readonly number[]): Uint8Array {
  return valuePng(small, (pixel) => values[pixel] ?? 0);
}

function palette(colors: readonly (readonly number[])[], ...indices: readonly number[]): Uint8Array {
  return encode({
    ...small,
    data: Uint8Array.from(indices),
    channels: 1,
    depth: 8,
    palette: colors.map((color) => [...color]) as [number, number, number][],
  });
}

function pairs({ images }: ReadSource): string[] {
  return images.map(({ path, source, split }) => `${path} ${source} ${split}`);
}

test.each([
  ['folders beside each other', 'images/train/a.jpg', 'masks/train/a.png', 'train'],
  ['folders in splits', 'train/images/a.jpg', 'train/masks/a.png', 'train'],
  ['one folder', 'data/a.jpg', 'data/a.png', null],
  ['an ending in one folder', 'a.png', 'a_mask.png', null],
  ['an ending in another folder', 'valid/b_1.jpg', 'valid_labels/b_1_L.png', 'val'],
  ['a common number', 'img/img-7.jpg', 'seg/seg-7.png', null],
])('%s: %s and %s', async (_, image, mask, split) => {
  const read = await readSource(masks, { [image]: photo, [mask]: value(0, 1, 2, 2) });
  expect(read.recognized).toBe(`${mask} for ${image}`);
  expect(pairs(read)).toEqual([`${image} ${mask} ${split}`]);
});

test('gray photographs in a folder of images are no masks, and masks may be gray', async () => {
  const read = await readSource(masks, {
    'images/x.png': value(9, 8, 7, 6),
    'labels/x.png': value(1, 1, 2, 2),
  });
  expect(pairs(read)).toEqual(['images/x.png labels/x.png null']);
});

test('masks without an image and images without a mask are given as such', async () => {
  const read = await readSource(masks, {
    'images/a.jpg': photo,
    'images/b.jpg': photo,
    'masks/a.png': value(1, 1, 1, 1),
    'masks/c.png': value(1, 1, 1, 1),
  });
  expect(pairs(read)).toEqual([
    'images/a.jpg masks/a.png null',
    'null masks/c.png null',
    'images/b.jpg images/b.jpg null',
  ]);
  expect(read.count).toBe(3);
});

test('of several folders with images of the same names the nearest is taken, which is reported', async () => {
  const read = await readSource(masks, {
    'train/small/a.jpg': photo,
    'other/images/a.jpg': photo,
    'train/masks/a.png': value(1, 1, 1, 1),
  });
  expect(pairs(read)).toEqual(['train/small/a.jpg train/masks/a.png train']);
  expect(read.findings).toContain(
    'several-image-folders @ train/masks: images of train/small, not of other/images',
  );
});

test('an image with masks in two folders is refused', async () => {
  const files = { 'images/a.jpg': photo, 'coarse/a.png': value(1), 'fine/a.png': value(1) };
  await expect(readSource(masks, files)).rejects.toThrow(
    'images/a.jpg has masks in coarse and in fine; import one of the folders, with --images',
  );
});

test('masks alone are recognized, and ask for their images', async () => {
  const files = { 'a.png': value(1), 'photos/a.jpg': photo };
  await expect(readSource(masks, { 'a.png': value(1) })).rejects.toThrow(
    'there are masks in ., but no images of the same names; name their folder with --images',
  );
  const read = await readSource(masks, files, { images: 'photos' });
  expect(pairs(read)).toEqual(['photos/a.jpg a.png null']);
});

test('values are named by a list, background and void are no classes, and unlisted values are reported', async () => {
  const read = await readSource(masks, {
    'a.jpg': photo,
    'a.png': value(0, 1, 2, 9),
    'classes.txt': 'background\nroad\nvoid\n',
  });
  expect(read.classes).toEqual(['road']);
  expect(imageRows(read.images[0])).toEqual(['.rx.']);
  expect(read.findings).toEqual(['class-list @ classes.txt', 'background @ classes.txt: background']);
  const names = read.images[0]?.raster?.names;
  expect(names?.[9]).toBeUndefined();
});

test('without a list values are named by themselves; 0 is not labeled', async () => {
  const read = await readSource(masks, { 'a.jpg': photo, 'a.png': value(0, 1, 2, 2) });
  expect(read.classes).toEqual(['class 1', 'class 2']);
  expect(read.images[0]?.raster?.unlabeledValue).toBe(0);
  expect(read.findings).toEqual(['no-class-list @ a.png']);
});

test('masks that use 255 for what is not labeled have a class 0', async () => {
  const read = await readSource(masks, { 'a.jpg': photo, 'a.png': value(0, 1, 255, 255) });
  expect(read.classes).toEqual(['class 0', 'class 1']);
  expect(read.images[0]?.raster?.unlabeledValue).toBe(255);
});

test('masks of 0 and 255 alone have a foreground', async () => {
  const read = await readSource(masks, { 'a.jpg': photo, 'a.png': value(0, 255, 255, 0) });
  expect(read.classes).toEqual(['foreground']);
  expect(imageRows(read.images[0])).toEqual(['.ff.']);
});

test('palettes give the classes their colors', async () => {
  const colors = [
    [0, 0, 0],
    [128, 0, 0],
  ];
  const read = await readSource(masks, { 'a.jpg': photo, 'a.png': palette(colors, 0, 1, 1, 0) });
  expect(read.classes).toEqual(['class 1']);
  expect(imageRows(read.images[0])).toEqual(['.cc.']);
});

test('where palettes disagree their colors count, not their indices', async () => {
  const [red, blue] = [
    [255, 0, 0],
    [0, 0, 255],
  ] as const;
  const read = await readSource(masks, {
    'a.jpg': photo,
    'a.png': palette([[0, 0, 0], red, blue], 0, 1, 2, 2),
    'b.jpg': photo,
    'b.png': palette([[0, 0, 0], blue, red], 0, 1, 2, 2),
    'classes.csv': 'name,r,g,b\nred,255,0,0\nblue,0,0,255\n',
  });
  expect(read.images.map((image) => imageRows(image))).toEqual([['.rbb'], ['.brr']]);
});

test('colors are named by a list with colors; unlisted ones are ignored and reported', async () => {
  const colors = [
    [0, 0, 0],
    [64, 0, 128],
    [64, 0, 128],
    [1, 2, 3],
  ] as const;
  const read = await readSource(masks, {
    'a.jpg': photo,
    'labels/a.png': rgbPng(small, (pixel) => colors[pixel] ?? []),
    'label_colors.txt': '64 0 128\tcar\n',
  });
  expect(imageRows(read.images[0])).toEqual(['.ccx']);
  expect(read.findings).toContain('unknown-color @ labels/a.png: 1,2,3');
});

test('colors without a list are named by themselves', async () => {
  const read = await readSource(masks, {
    'images/a.jpg': photo,
    'masks/a.png': rgbPng(small, (pixel) => (pixel < 2 ? [0, 0, 0] : [255, 0, 16])),
  });
  expect(read.classes).toEqual(['#ff0010']);
  expect(imageRows(read.images[0])).toEqual(['..##']);
});

test('a list without colors cannot name colors, and smoothed masks are refused', async () => {
  const mask = rgbPng(small, () => [9, 9, 9]);
  const files = { 'images/a.jpg': photo, 'masks/a.png': mask, 'classes.txt': 'car\n' };
  await expect(readSource(masks, files)).rejects.toThrow(
    'classes.txt: states no colors, and masks are in colors (masks/a.png); add them: name,red,green,blue',
  );
  const size = { width: 20, height: 20 };
  const smooth = rgbPng(size, (pixel) => [pixel % 256, Math.floor(pixel / 256), 7]);
  await expect(readSource(masks, { 'images/a.jpg': photo, 'masks/a.png': smooth })).rejects.toThrow(
    'masks/a.png: the masks have more than 254 colors so far',
  );
});

test('a mask in colors among gray ones is left out with its image, and named', async () => {
  const read = await readSource(masks, {
    'images/a.jpg': photo,
    'images/b.jpg': photo,
    'masks/a.png': value(0, 0, 1, 1),
    'masks/b.png': rgbPng(small, () => [9, 9, 9]),
    'classes.txt': 'road\ncar\n',
  });
  expect(pairs(read)).toEqual(['images/a.jpg masks/a.png null']);
  expect(imageRows(read.images[0])).toEqual(['rrcc']);
  expect(read.findings).toEqual([
    'class-list @ classes.txt',
    'unreadable-file @ masks/b.png: is in colors, of which classes.txt states none, and other masks are gray; save it as they are',
  ]);
});

test.each([
  ['folders beside each other', 'masks/b.tif', 'images/b.jpg', 'images/a.jpg', 'masks/a.png'],
  ['endings in one folder', 'b_mask.jpg', 'b.jpg', 'a.jpg', 'a_mask.png'],
  ['a folder of its own', 'masks/val/b.bmp', 'images/b.jpg', 'images/a.jpg', 'masks/train/a.png'],
])(
  'a mask that is no PNG is named, and its image is not one without labels: %s',
  async (_, other, ...files) => {
    const [image, paired, mask] = files as [string, string, string];
    const read = await readSource(masks, {
      [other]: photo,
      [image]: photo,
      [paired]: photo,
      [mask]: value(0, 1, 1, 1),
    });
    expect(read.images.map(({ path }) => path)).toEqual([paired]);
    expect(read.findings.filter((line) => line.startsWith('unread-mask'))).toEqual([
      `unread-mask @ ${other}`,
    ]);
  },
);

test('photographs beside their masks are none, and masks that are JPEGs alone are refused as such', async () => {
  const files = { 'labels/a.jpg': photo, 'labels/a.png': value(1, 1, 1, 1), 'labels/b.jpg': photo };
  const read = await readSource(masks, files);
  expect(read.images.map(({ path }) => path)).toEqual(['labels/a.jpg', 'labels/b.jpg']);
  expect(read.findings.some((line) => line.startsWith('unread-mask'))).toBe(false);
  await expect(readSource(masks, { 'images/a.jpg': photo, 'masks/a.jpg': photo })).rejects.toThrow(
    'the masks are JPEGs (masks/a.jpg), which changes their values; export them as PNG',
  );
});

test('an image without a mask in one of several folders is given once', async () => {
  const read = await readSource(masks, {
    'images/a.jpg': photo,
    'images/b.jpg': photo,
    'images/c.jpg': photo,
    'masks/train/a.png': value(1, 1, 1, 1),
    'masks/val/b.png': value(1, 1, 1, 1),
  });
  expect(read.images.map(({ path }) => path)).toEqual(['images/a.jpg', 'images/c.jpg', 'images/b.jpg']);
});

test.each([
  ['colors', 4, [255, 0, 0, 255, 1, 2, 3, 0, 0, 0, 0, 255, 255, 0, 0, 128], '#..#'],
  ['values', 2, [1, 255, 2, 0, 0, 255, 1, 128], 'c..c'],
])('transparent pixels of %s are not labeled, whatever they hide', async (_, channels, data, row) => {
  const mask = encode({ ...small, channels, depth: 8, data: Uint8Array.from(data) });
  const read = await readSource(masks, { 'images/a.jpg': photo, 'masks/a.png': mask });
  expect(read.classes).toHaveLength(1);
  expect(imageRows(read.images[0])).toEqual([row]);
  expect(read.findings.slice(1)).toEqual([
    'partly-transparent @ masks/a.png: 1 pixels',
    'transparent @ masks/a.png: 1 pixels',
  ]);
});

test('a damaged mask is reported and the others are read', async () => {
  const read = await readSource(masks, {
    'images/a.jpg': photo,
    'images/b.jpg': photo,
    'masks/a.png': value(1).subarray(0, 50),
    'masks/b.png': value(1, 1, 1, 1),
  });
  expect(pairs(read)).toEqual(['images/b.jpg masks/b.png null']);
  // Nor does it hide what the others are in a folder whose name says nothing.
  const other = await readSource(masks, {
    'x/a.jpg': photo,
    'x/b.jpg': photo,
    'y/a.png': value(1).subarray(0, 50),
    'y/b.png': value(1, 1, 1, 1),
  });
  expect(pairs(other)).toEqual(['x/b.jpg y/b.png null']);
  expect(other.findings.some((line) => line.startsWith('unreadable-file @ y/a.png'))).toBe(true);
  expect(read.findings.some((line) => line.startsWith('unreadable-file @ masks/a.png'))).toBe(true);
});

test.each([
  ['names', 'car\n# comment\n\nroad', 'car 0 null, road 1 null'],
  ['values', '3 car\n0: sky', 'car 3 null, sky 0 null'],
  ['colors first', '64 0 128\tcar\n0,0,192 side walk', 'car 0 64,0,128, side walk 1 0,0,192'],
  ['colors last', 'name,r,g,b\n"car",64,0,128', 'car 0 64,0,128'],
  ['CVAT', '# label:color_rgb:parts:actions\ncar:64,0,128::\nroad:1,2,3::', 'car 0 64,0,128, road 1 1,2,3'],
])('a list of %s', (_, text, expected) => {
  const found = parseClassLines(text.replaceAll('"car"', 'car'), 'list');
  expect(found.map(({ name, value: number, color }) => `${name} ${number} ${color}`).join(', ')).toBe(
    expected,
  );
});

test.each([
  ['', 'list: lists no class'],
  ['car\ncar', "list: line 2: 'car': 'car' has this name or value already"],
  ['300 car', "list: line 1: '300 car': expected numbers from 0 to 255"],
])('the list %j is refused', (text, message) => {
  expect(() => parseClassLines(text, 'list')).toThrow(message);
});
