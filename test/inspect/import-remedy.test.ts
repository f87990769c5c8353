/** The checker of datasets says how to import what an annotation tool exported. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspectDataset } from 'coarsely/inspect';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../data/dataset-folder.js';
import { rgbPng, valuePng } from '../importers/import-files.js';

const size = { width: 4, height: 2 };
const photo = rgbPng(size, (pixel) => [pixel, 9, pixel]);
const shape = {
  label: 'car',
  shape_type: 'polygon',
  points: [
    [0, 0],
    [2, 0],
    [2, 2],
  ],
};
const labelme = { version: '5.0.1', shapes: [shape], imagePath: 'a.png', imageWidth: 4, imageHeight: 2 };

async function remedies(files: Readonly<Record<string, string | Uint8Array>>): Promise<[string, string[]]> {
  const root = await temporaryFolder();
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  const { problems } = await inspectDataset(root);
  return [root, problems.map(({ remedy }) => remedy)];
}

test('a folder of Labelme', async () => {
  const [root, found] = await remedies({ 'a.png': photo, 'a.json': JSON.stringify(labelme) });
  expect(found).toHaveLength(1);
  expect(found[0]).toMatch(/^this looks like Labelme \(.*\): coarsely import /);
  expect(found[0]).toContain(`coarsely import ${root} ${root}-dataset`);
});

test('masks in any folders', async () => {
  const [root, found] = await remedies({
    'x/a.png': photo,
    'x/a_mask.png': valuePng(size, (pixel) => pixel % 2),
  });
  expect(found).toEqual([
    `this looks like plain masks (x/a_mask.png for x/a.png): coarsely import ${root} ${root}-dataset`,
  ]);
});

test('a folder of images whose labels are those of a tool', async () => {
  const [root, found] = await remedies({
    'images/train/a.png': photo,
    'labels/train/a.txt': '0 0 0 1 0 1 1\n',
    'data.yaml': 'names: [car]\ntrain: images/train\n',
    'classes.json': '{"classes": ["car", "road"]}',
  });
  expect(found.some((line) => line.includes(`coarsely import ${root} ${root}-dataset`))).toBe(true);
});

test('other folders get no such advice', async () => {
  const [, found] = await remedies({ 'notes.txt': 'nothing' });
  expect(found).toEqual(['arrange the files as above']);
});
