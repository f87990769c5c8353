/** Label images of Roboflow and Pascal VOC. */

import { encode } from 'fast-png';
import { describe, expect, test } from 'vitest';
import { defaultPalette } from '#data/classes.js';
import { pascalVoc } from '#importers/label-images/pascal-voc.js';
import { roboflow } from '#importers/label-images/roboflow.js';
import { bytesOfRows } from '../support/rows.js';
import { imageRows } from './image-rows.js';
import { readSource } from './read-source.js';

function grayPng(rows: readonly string[], values: Readonly<Record<string, number>>): Uint8Array {
  const size = { width: rows[0]?.length ?? 0, height: rows.length };
  return encode({ ...size, channels: 1, depth: 8, data: bytesOfRows(rows, values) });
}

function palettePng(
  rows: readonly string[],
  values: Readonly<Record<string, number>>,
  palette: [number, number, number][],
): Uint8Array {
  const size = { width: rows[0]?.length ?? 0, height: rows.length };
  return encode({ ...size, channels: 1, depth: 8, data: bytesOfRows(rows, values), palette });
}

function colorPng(
  rows: readonly string[],
  colors: Readonly<Record<string, readonly [number, number, number]>>,
): Uint8Array {
  const size = { width: rows[0]?.length ?? 0, height: rows.length };
  const data = Uint8Array.from([...rows.join('')].flatMap((character) => colors[character] ?? [1, 1, 1]));
  return encode({ ...size, channels: 3, depth: 8, data });
}

describe('Roboflow masks', () => {
  const values = { '.': 0, c: 1, t: 4, '?': 9 };
  const rows = ['..cc', 'ttc.'];

  test('have their classes in _classes.csv, and nobody labeled what is background', async () => {
    const read = await readSource(
      roboflow,
      {
        'train/_classes.csv': 'Pixel Value, Class\n0, background\n1, car\n4, "tree, tall"\n',
        'train/a_jpg.rf.12ab_mask.png': grayPng(rows, values),
        'valid/_classes.csv': 'Pixel Value, Class\r\n0, background\r\n4, car\r\n',
        'valid/b_mask.png': grayPng(['tt.'], values),
      },
      { pictures: ['train/a_jpg.rf.12ab.jpg', 'valid/b.jpg', 'valid/without.jpg'] },
    );
    expect(read.recognized).toBe('train/_classes.csv and files NAME_mask.png');
    expect(read.classes).toEqual(['car', 'tree, tall']);
    expect(read.images.map(({ path, split }) => [path, split])).toEqual([
      ['train/a_jpg.rf.12ab.jpg', 'train'],
      ['valid/b.jpg', 'val'],
      ['valid/without.jpg', 'val'],
    ]);
    expect(imageRows(read.images[0])).toEqual(rows);
    expect(read.images[0]?.raster?.names).not.toContain('background');
    // The same value is another class in another folder.
    expect(imageRows(read.images[1])).toEqual(['cc.']);
    expect(read.images[2]?.raster).toBeUndefined();
    expect(read.findings).toEqual([
      'background @ train/_classes.csv: 0, background',
      'background @ valid/_classes.csv: 0, background',
    ]);
  });

  test('that are no PNGs are named with their images, and transparent pixels are not labeled', async () => {
    const { images, findings } = await readSource(
      roboflow,
      {
        '_classes.csv': 'Pixel Value, Class\n0, road\n1, car\n',
        'a_mask.png': encode({
          width: 3,
          height: 1,
          channels: 2,
          depth: 8,
          data: Uint8Array.of(0, 255, 1, 255, 1, 0),
        }),
      },
      { pictures: ['a.jpg', 'b.jpg', 'b_mask.jpg', 'c.jpg'] },
    );
    expect(images.map(({ path }) => path)).toEqual(['a.jpg', 'c.jpg']);
    expect(imageRows(images[0])).toEqual(['rc.']);
    expect(findings).toEqual(['unread-mask @ b_mask.jpg', 'transparent @ a_mask.png: 1 pixels']);
  });

  test('with a class of value 0 keep it, and values without a class stay unknown', async () => {
    const { images, classes } = await readSource(
      roboflow,
      {
        '_classes.csv': 'Pixel Value, Class\n0, road\n1, car\n',
        'a_mask.png': grayPng(['.c?'], values),
      },
      { pictures: ['a.jpg'] },
    );
    expect(classes).toEqual(['road', 'car']);
    expect(imageRows(images[0])).toEqual(['rc.']);
    expect(images[0]?.raster?.names[9]).toBeUndefined();
  });

  test('without their images are found in the folder of images', async () => {
    const files = {
      'masks/_classes.csv': 'Pixel Value, Class\n1, car\n',
      'masks/a_mask.png': grayPng(['c'], values),
    };
    const read = await readSource(roboflow, files, {
      pictures: ['pictures/a.jpg'],
      images: 'pictures',
    });
    expect(read.images.map(({ path }) => path)).toContain('pictures/a.jpg');
  });

  test('that are damaged are named, and the others read', async () => {
    const read = await readSource(
      roboflow,
      {
        '_classes.csv': 'Pixel Value, Class\n1, car\n',
        'a_mask.png': grayPng(['c'], values).slice(0, 40),
        'b_mask.png': colorPng(['c'], {}),
        'c_mask.png': grayPng(['c'], values),
      },
      { pictures: ['a.jpg', 'b.jpg', 'c.jpg'] },
    );
    expect(read.images.map(({ fileName }) => fileName)).toEqual(['c.jpg']);
    expect(read.findings).toEqual([
      expect.stringMatching(/^unreadable-file @ a_mask\.png: damaged or truncated PNG/),
      "unreadable-file @ b_mask.png: a PNG of colors; Roboflow's masks are gray, with the values of _classes.csv",
    ]);
  });

  test('with a list that is none name the line', async () => {
    const files = {
      '_classes.csv': 'Pixel Value, Class\n1, car\ntree\n',
      'a_mask.png': grayPng(['c'], values),
    };
    await expect(readSource(roboflow, files)).rejects.toThrow(
      /^_classes\.csv: line 3: 'tree' is no "Pixel Value, Class", such as 1, car$/,
    );
  });
});

describe('Pascal VOC', () => {
  const palette = [[0, 0, 0], ...defaultPalette(254), [224, 224, 192]].map(
    ([red = 0, green = 0, blue = 0]): [number, number, number] => [red, green, blue],
  );
  const values = { b: 0, a: 1, c: 7, x: 255 };
  const rows = ['bxax', 'bxxc'];

  test('has the classes of the challenge, with the background as one and borders ignored', async () => {
    const read = await readSource(
      pascalVoc,
      {
        'VOC2012/SegmentationClass/2007_000032.png': palettePng(rows, values, palette),
        'VOC2012/SegmentationClass/2007_000033.png': palettePng(['cc'], values, palette),
        'VOC2012/SegmentationObject/2007_000032.png': palettePng(['bbbb'], values, palette),
        'VOC2012/ImageSets/Segmentation/train.txt': '2007_000033\n',
        'VOC2012/ImageSets/Segmentation/val.txt': '2007_000032\n',
        'VOC2012/ImageSets/Segmentation/trainval.txt': '2007_000032\n2007_000033\n',
        'VOC2012/ImageSets/Segmentation/test.txt': '2008_000001\n',
      },
      { pictures: ['VOC2012/JPEGImages/2007_000032.jpg', 'VOC2012/JPEGImages/2007_000033.jpg'] },
    );
    expect(read.recognized).toBe('label images in VOC2012/SegmentationClass');
    expect(read.classes).toHaveLength(21);
    expect(read.classes?.slice(0, 2)).toEqual(['background', 'aeroplane']);
    expect(read.count).toBe(3);
    expect(read.images.map(({ fileName, path, split }) => [fileName, path, split])).toEqual([
      ['2007_000032.jpg', 'VOC2012/JPEGImages/2007_000032.jpg', 'val'],
      ['2007_000033.jpg', 'VOC2012/JPEGImages/2007_000033.jpg', 'train'],
      ['2008_000001', null, 'test'],
    ]);
    expect(imageRows(read.images[0])).toEqual(rows);
    expect(read.findings).toEqual(['assumed-classes @ VOC2012']);
  });

  test('has the colors of the challenge', async () => {
    const { images } = await readSource(pascalVoc, {
      'SegmentationClass/a.png': colorPng(['bac?x'], {
        b: [0, 0, 0],
        a: [128, 0, 0],
        c: [128, 128, 128],
        x: [224, 224, 192],
      }),
    });
    // A color of no class is ignored, and named.
    expect(imageRows(images[0])).toEqual(['bacxx']);
  });

  const labelMap = '# label:color_rgb:parts:actions\nbackground:0,0,0::\ncar:10,128,0::\ntree: 8, 8, 8\n';
  const colors = { '.': [0, 0, 0], c: [10, 128, 0], t: [8, 8, 8], '?': [1, 1, 1] } as const;

  test.each([
    ['colors', colorPng(['.ct', 't?c'], colors), ['.ct', 'txc']],
    [
      'a palette in any order',
      palettePng(['.ct', 't?c'], { t: 0, '?': 1, c: 2, '.': 3 }, [
        [8, 8, 8],
        [1, 1, 1],
        [10, 128, 0],
        [0, 0, 0],
      ]),
      ['.ct', 'txc'],
    ],
    ['gray values by the lines', grayPng(['.ct'], { '.': 0, c: 1, t: 2 }), ['.ct']],
  ])(
    'of CVAT has its classes in labelmap.txt, and nobody labeled the background: %s',
    async (_, png, rowsOf) => {
      const read = await readSource(
        pascalVoc,
        {
          'labelmap.txt': labelMap,
          'SegmentationClass/sub.name.png': png,
          'ImageSets/Segmentation/default.txt': 'sub.name\n',
        },
        { pictures: ['pictures/sub.name.jpg'], images: 'pictures' },
      );
      expect(read.classes).toEqual(['car', 'tree']);
      expect(read.images).toMatchObject([{ path: 'pictures/sub.name.jpg', split: null }]);
      expect(imageRows(read.images[0])).toEqual(rowsOf);
      expect(read.images[0]?.raster?.names).not.toContain('background');
      const unknown = rowsOf.join('').includes('x')
        ? ['unknown-color @ SegmentationClass/sub.name.png: 1,1,1']
        : [];
      expect(read.findings).toEqual(['background @ labelmap.txt: background', ...unknown]);
    },
  );

  test('of Labelme has its classes in class_names.txt', async () => {
    const read = await readSource(pascalVoc, {
      'class_names.txt': '_background_\ncar\n',
      'SegmentationClassPNG/a.png': palettePng(['.cx'], { '.': 0, c: 1, x: 255 }, palette),
    });
    expect(read.classes).toEqual(['car']);
    expect(imageRows(read.images[0])).toEqual(['.cx']);
  });

  test('with label images that are no PNGs names them, and transparent pixels are not labeled', async () => {
    const colors = [128, 0, 0, 255, 9, 9, 9, 0, 0, 0, 0, 255];
    const { images, count, findings } = await readSource(
      pascalVoc,
      {
        'SegmentationClass/a.PNG': encode({
          width: 3,
          height: 1,
          channels: 4,
          depth: 8,
          data: Uint8Array.from(colors),
        }),
        'SegmentationClass/b.tif': '',
        'ImageSets/Segmentation/train.txt': 'a\nb\n',
      },
      { pictures: ['JPEGImages/a.jpg', 'JPEGImages/b.jpg'] },
    );
    expect(count).toBe(1);
    expect(images.map(({ path }) => path)).toEqual(['JPEGImages/a.jpg']);
    expect(imageRows(images[0])).toEqual(['a.b']);
    expect(findings).toEqual([
      'assumed-classes @ .',
      'unread-mask @ SegmentationClass/b.tif',
      'transparent @ SegmentationClass/a.PNG: 1 pixels',
    ]);
    await expect(readSource(pascalVoc, { 'SegmentationClass/a.jpg': '' })).rejects.toThrow(
      'the masks are JPEGs (SegmentationClass/a.jpg)',
    );
  });

  test('with an image in two splits keeps the first', async () => {
    const { images, findings } = await readSource(pascalVoc, {
      'class_names.txt': 'car\ntree\n',
      'SegmentationClass/a.png': grayPng(['c'], values),
      'ImageSets/Segmentation/train.txt': 'a',
      'ImageSets/Segmentation/val.txt': 'a',
    });
    expect(images[0]?.split).toBe('train');
    expect(findings).toEqual(['repeated-split @ ImageSets/Segmentation/val.txt: a']);
  });

  test('with a labelmap.txt that is none names the line', async () => {
    const files = { 'labelmap.txt': 'car:1,2\n', 'SegmentationClass/a.png': grayPng(['c'], values) };
    await expect(readSource(pascalVoc, files)).rejects.toThrow(
      /^labelmap\.txt: line 1: 'car:1,2' is no class, such as car:128,0,0::$/,
    );
  });
});
