/** Imports label images into datasets: what is ignored, what nobody labeled, and what is background are three things. */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { readClassList, readLabels } from 'coarsely/data';
import { importDataset } from 'coarsely/importers';
import { encode } from 'fast-png';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bytesOfRows, rowsOfBytes } from '../support/rows.js';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'coarsely-import-raster-'));
});
afterAll(() => rmSync(root, { recursive: true }));

function write(folder: string, files: Readonly<Record<string, string | Uint8Array>>): string {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, folder, path)), { recursive: true });
    writeFileSync(join(root, folder, path), content);
  }
  return join(root, folder);
}

const picture = encode({ width: 4, height: 2, channels: 3, data: new Uint8Array(24) });

function mask(rows: readonly string[], values: Readonly<Record<string, number>>): Uint8Array {
  return encode({ width: 4, height: 2, channels: 1, depth: 8, data: bytesOfRows(rows, values) });
}

/** Returns the first letter of the class of each pixel of the only image of a dataset, `x` where it is ignored. */
async function rowsOf(dataset: string, file: string): Promise<string[]> {
  const list = await readClassList(join(dataset, 'classes.json'));
  const { labels, width } = await readLabels(join(dataset, file), list);
  const characters: Record<number, string> = { 255: 'x' };
  for (const [index, { name }] of list.classes.entries()) characters[index] = name.slice(0, 1);
  return rowsOfBytes(labels, { width, characters });
}

test('of Roboflow: the background is ignored, or the first class if asked', async () => {
  const source = write('roboflow', {
    'train/_classes.csv': 'Pixel Value, Class\n0, background\n1, car\n2, tree\n',
    'train/a.png': picture,
    'train/a_mask.png': mask(['.cc.', 'tt..'], { '.': 0, c: 1, t: 2 }),
  });
  await importDataset(source, join(root, 'out-1'));
  expect(await rowsOf(join(root, 'out-1'), 'coarse/train/a.png')).toEqual(['xccx', 'ttxx']);
  await importDataset(source, join(root, 'out-2'), { unlabeled: 'background', labels: 'fine' });
  const { classes } = await readClassList(join(root, 'out-2', 'classes.json'));
  expect(classes.map(({ name }) => name)).toEqual(['background', 'car', 'tree']);
  expect(await rowsOf(join(root, 'out-2'), 'fine/train/a.png')).toEqual(['bccb', 'ttbb']);
  // The source is as it was.
  expect(readFileSync(join(source, 'train/a.png'))).toEqual(Buffer.from(picture));
});

test('of Pascal VOC: borders stay ignored where the rest is background', async () => {
  const source = write('voc', {
    'class_names.txt': '_background_\ncar\n',
    'SegmentationClass/a.png': mask(['.xcc', '.xcc'], { '.': 0, c: 1, x: 255 }),
    'JPEGImages/a.png': picture,
    'ImageSets/Segmentation/val.txt': 'a\n',
  });
  await importDataset(source, join(root, 'out-3'), { unlabeled: 'background' });
  expect(await rowsOf(join(root, 'out-3'), 'coarse/val/a.png')).toEqual(['bxcc', 'bxcc']);
});

test('of Cityscapes: what is out of the region stays ignored, and the order of the file counts', async () => {
  const box = (left: number, right: number) => [
    [left, 0],
    [right, 0],
    [right, 1],
    [left, 1],
  ];
  const objects = [
    { label: 'car', polygon: box(1, 1) },
    { label: 'road', polygon: box(0, 2) },
    { label: 'out of roi', polygon: box(3, 3) },
  ];
  const source = write('cityscapes', {
    'gtCoarse/train/ulm/a_gtCoarse_polygons.json': JSON.stringify({ imgWidth: 4, imgHeight: 2, objects }),
    'leftImg8bit/train/ulm/a_leftImg8bit.png': picture,
  });
  await importDataset(join(source, 'gtCoarse'), join(root, 'out-4'), { unlabeled: 'background' });
  expect(await rowsOf(join(root, 'out-4'), 'coarse/train/a_leftImg8bit.png')).toEqual(['rrrx', 'rrrx']);
});
