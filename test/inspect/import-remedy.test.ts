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

test('a file of annotations: its folder where that is of the same tool, or else the file alone', async () => {
  const root = join(await temporaryFolder(), 'data.v2');
  const put = (path: string, content: string | Uint8Array): void => {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), content);
  };
  put('labelme/a.png', photo);
  put('labelme/a.json', JSON.stringify(labelme));
  put('yolo/data.yaml', 'names: [car]\ntrain: images/train\n');
  put('yolo/images/train/a.png', photo);
  put('yolo/labels/train/a.txt', '0 0 0 1 0 1 1\n');
  put('mixed/annotations.xml', '<annotations><version>1.1</version></annotations>');
  put('mixed/a.json', JSON.stringify(labelme));
  put('mixed/notes.txt', 'nothing');
  const lineOf = async (path: string): Promise<string> => {
    const error = await inspectDataset(join(root, path)).catch((thrown: unknown) => thrown);
    return error instanceof Error ? error.message.replaceAll(root, 'R') : 'none';
  };
  expect(await lineOf('labelme/a.json')).toMatch(
    /^R\/labelme\/a\.json: not a folder; this looks like Labelme \(.*\): coarsely import R\/labelme R\/labelme-dataset$/,
  );
  expect(await lineOf('yolo/data.yaml')).toMatch(/YOLO.*: coarsely import R\/yolo R\/yolo-dataset$/);
  expect(await lineOf('mixed/annotations.xml')).toMatch(
    /CVAT.*: coarsely import R\/mixed\/annotations\.xml R\/mixed\/annotations-dataset$/,
  );
  expect(await lineOf('mixed/notes.txt')).toBe(
    'R/mixed/notes.txt: not a folder; check takes the folder of a dataset',
  );
  expect(await lineOf('labelme/a.png')).toMatch(/check takes the folder of a dataset$/);
  const [folder, found] = await remedies({ 'set.v2/a.png': photo, 'set.v2/a.json': JSON.stringify(labelme) });
  expect(found[0]).toContain(`coarsely import ${folder} ${folder}-dataset`);
});

test('other folders get no such advice', async () => {
  const [, found] = await remedies({ 'notes.txt': 'nothing' });
  expect(found).toEqual(['arrange the files as above']);
});
