/** YOLO segmentation: where images, files of shapes and splits lie, and what the rows of shapes say. */

import { encode } from 'fast-png';
import { describe, expect, test } from 'vitest';
import { yolo } from '#importers/yolo/yolo.js';
import { imageRows } from './image-rows.js';
import { readSource } from './read-source.js';

const picture = encode({ width: 20, height: 10, channels: 3, data: new Uint8Array(600) });
const names = 'names:\n  0: car\n  3: tree\n';

/** A polygon with its vertices at (2, 1), (10, 1), (10, 5), (2, 5) of 20×10 pixels. */
const polygon = '0.1 0.1 0.5 0.1 0.5 0.5 0.1 0.5';

describe('rows of shapes', () => {
  async function read(rows: string) {
    const { images, findings } = await readSource(yolo, {
      'data.yaml': `${names}train: images\n`,
      'images/a.png': picture,
      'labels/a.txt': rows,
    });
    return { image: images[0], findings };
  }

  test('are polygons and boxes in shares of the image', async () => {
    // The box has its center at (15, 5) and is 6 wide and 4 high.
    const { image, findings } = await read(`0 ${polygon}\r\n3 0.75 0.5 0.3 0.4\r\n\r\n`);
    expect(findings).toEqual([]);
    expect(imageRows(image)).toEqual([
      '....................',
      '..cccccccc..........',
      '..cccccccc..........',
      '..cccccccc..tttttt..',
      '..cccccccc..tttttt..',
      '............tttttt..',
      '............tttttt..',
      '....................',
      '....................',
      '....................',
    ]);
  });

  test('that are joined by a line to and fro keep their hole', async () => {
    // From the outer ring to the inner one and back, as converters write holes.
    const outer = '0.1 0.1 0.5 0.1 0.5 0.7 0.1 0.7 0.1 0.1';
    const inner = '0.2 0.3 0.4 0.3 0.4 0.5 0.2 0.5 0.2 0.3';
    const { image } = await read(`0 ${outer} ${inner} 0.1 0.1`);
    expect(imageRows(image).slice(0, 8)).toEqual([
      '....................',
      '..cccccccc..........',
      '..cccccccc..........',
      '..cc....cc..........',
      '..cc....cc..........',
      '..cccccccc..........',
      '..cccccccc..........',
      '....................',
    ]);
  });

  test.each([
    [`1 ${polygon}`, 'unknown-class @ labels/a.txt: line 1'],
    [`0 ${polygon} 0.98`, 'confidence @ labels/a.txt: line 1'],
    ['0 0.5 0.5 0.2 0.2 0.98', 'confidence @ labels/a.txt: line 1'],
    ['0 0.5 0.5 0.2', 'degenerate-shape @ labels/a.txt: line 1'],
    ['\n0 12 4 100 4 100 60 12 60', 'not-normalized @ labels/a.txt: line 2'],
    [`car ${polygon}`, 'invalid-row @ labels/a.txt: line 1'],
    [`0.5 ${polygon}`, 'invalid-row @ labels/a.txt: line 1'],
    [`-1 ${polygon}`, 'invalid-row @ labels/a.txt: line 1'],
    ['0 0.1 0.1 0,5 0.1 0.5 0.5', 'invalid-row @ labels/a.txt: line 1'],
  ])('that say something else are named: %s', async (rows, finding) => {
    expect((await read(rows)).findings).toEqual([finding]);
  });

  test('of a class without a name are ignored, not background', async () => {
    const { image } = await read(`1 ${polygon}`);
    expect(imageRows(image)[1]).toBe('..xxxxxxxx..........');
  });

  test('with NaN stay for drawing, which names them', async () => {
    const { image, findings } = await read('0 0.1 nan 0.5 0.1 0.5 0.5');
    expect(findings).toEqual([]);
    expect(image?.annotations[0]?.shape).toEqual({
      kind: 'polygon',
      parts: [[[2, Number.NaN, 10, 1, 10, 5]]],
    });
  });
});

test('a label file that is no text is left out with its image, and named', async () => {
  const { images, findings } = await readSource(yolo, {
    'data.yaml': 'names: [car]\ntrain: images\n',
    'images/a.png': picture,
    'images/b.png': picture,
    'labels/a.txt': Uint8Array.of(0xff, 0x00, 0x80, 0x31),
    'labels/b.txt': `0 ${polygon}`,
  });
  expect(images.map(({ path }) => path)).toEqual(['images/b.png']);
  expect(findings).toEqual([expect.stringMatching(/^unreadable-file @ labels\/a\.txt: not UTF-8 text/)]);
});

describe('the places of images', () => {
  const splitsOf = (
    images: readonly { fileName: string; split: string | null; annotations: readonly unknown[] }[],
  ) => images.map(({ fileName, split, annotations }) => [fileName, split, annotations.length]);

  test('follow data.yaml as Roboflow writes it, from a folder beside', async () => {
    const read = await readSource(yolo, {
      'data.yaml':
        "train: ../train/images\nval: ../valid/images\ntest: ../test/images\nnc: 2\nnames: ['car', tree]\n",
      'train/images/a.png': picture,
      'train/labels/a.txt': `0 ${polygon}`,
      'train/images/empty.png': picture,
      'train/labels/empty.txt': '',
      'valid/images/b.b.png': picture,
      'valid/labels/b.b.txt': `1 ${polygon}\n0 ${polygon}`,
    });
    expect(read.recognized).toBe('data.yaml names classes and the folders of images');
    expect(read.classes).toEqual(['car', 'tree']);
    expect(read.count).toBe(3);
    expect(splitsOf(read.images)).toEqual([
      ['train/images/a.png', 'train', 1],
      ['train/images/empty.png', 'train', 0],
      ['valid/images/b.b.png', 'val', 2],
    ]);
    expect(read.findings).toEqual(['missing-split @ data.yaml: test: ../test/images']);
  });

  test('follow a path of another machine, lists of folders, and lists of images', async () => {
    const read = await readSource(yolo, {
      'data.yaml': `path: /home/anna/data/set\ntrain: [images/one, images/two]\nval: lists/val.txt\n${names}`,
      'images/one/a.png': picture,
      'images/two/a.png': picture,
      'labels/two/a.txt': `0 ${polygon}`,
      'images/three/c.png': picture,
      'labels/three/c.txt': `3 ${polygon}`,
      'lists/val.txt': './images/three/c.png\n/home/anna/data/set/images/gone.png\n',
    });
    expect(splitsOf(read.images)).toEqual([
      ['images/one/a.png', 'train', 0],
      ['images/two/a.png', 'train', 1],
      ['images/three/c.png', 'val', 1],
      ['/home/anna/data/set/images/gone.png', 'val', 0],
    ]);
    expect(read.images[3]?.path).toBeNull();
  });

  test('never lead outside', async () => {
    const read = await readSource(yolo, {
      'set/data.yaml': `train: ../../../../etc\nval: /etc\n${names}`,
      'set/images/a.png': picture,
    });
    expect(read.findings).toEqual([
      'missing-split @ set/data.yaml: train: ../../../../etc',
      'missing-split @ set/data.yaml: val: /etc',
    ]);
    expect(splitsOf(read.images)).toEqual([['set/images/a.png', null, 0]]);
  });

  test('one folder for two splits counts once', async () => {
    const read = await readSource(yolo, {
      'data.yaml': `train: images/train\nval: images/train\n${names}`,
      'images/train/a.png': picture,
    });
    expect(splitsOf(read.images)).toEqual([['images/train/a.png', 'train', 0]]);
    expect(read.findings).toEqual(['repeated-split @ data.yaml: val: images/train (1 images)']);
  });

  test('a data.yaml alone can be named', async () => {
    const files = {
      'set/data.yaml': `train: images\n${names}`,
      'set/images/a.png': picture,
      'set/labels/a.txt': `0 ${polygon}`,
    };
    const { images } = await readSource(yolo, files, { only: 'set/data.yaml' });
    expect(splitsOf(images)).toEqual([['images/a.png', 'train', 1]]);
  });

  test('classes.txt of other tools, with the shapes beside the images', async () => {
    const read = await readSource(yolo, {
      'classes.txt': 'car\ntree\n\n',
      'train/a.png': picture,
      'train/a.txt': `1 ${polygon}`,
    });
    expect(read.recognized).toBe('classes.txt and rows of shapes in train/a.txt');
    expect(splitsOf(read.images)).toEqual([['train/a.png', 'train', 1]]);
    expect(imageRows(read.images[0])[1]).toBe('..tttttttt..........');
  });

  test('an export without images finds them in the folder of images', async () => {
    const files = {
      'out/data.yaml': `train: images/train\n${names}`,
      'out/labels/train/a.txt': `0 ${polygon}`,
      'out/labels/train/gone.txt': `0 ${polygon}`,
      'pictures/a.png': picture,
    };
    const read = await readSource(yolo, files, { only: 'out/data.yaml', images: 'pictures' });
    expect(read.images.map(({ path, annotations }) => [path, annotations.length])).toEqual([
      ['pictures/a.png', 1],
      [null, 0],
    ]);
  });
});

test.each([
  [
    `kpt_shape: [17, 3]\ntrain: images\n${names}`,
    /data\.yaml: describes keypoints \(kpt_shape\), not segments/,
  ],
  ['train: images\n', /no data\.yaml with names, and no classes\.txt/],
  ['names: {a: car}\ntrain: images\n', /data\.yaml: names: expected a list of names, or a number and a name/],
  ['names: []\ntrain: images\n', /data\.yaml: names: expected the names of the classes/],
])('a data.yaml that cannot be used says why: %s', async (yaml, message) => {
  const files = { 'data.yaml': yaml, 'images/a.png': picture };
  await expect(readSource(yolo, files)).rejects.toThrow(message);
});

test('a damaged data.yaml is named when it is imported', async () => {
  const files = { 'data.yaml': 'names: [a\ntrain: }', 'images/a.png': picture };
  await expect(readSource(yolo, files, { only: 'data.yaml' })).rejects.toThrow(
    /^data\.yaml: not valid YAML \(/,
  );
});
