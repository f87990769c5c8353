/** CVAT's XML: every shape, the order of layers, projects with subsets, and files that are refused. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cvat } from '#importers/cvat/cvat.js';
import { drawRows, readSource } from './read-source.js';

const folder = join(import.meta.dirname, 'files/cvat');
const text = (name: string): string => readFileSync(join(folder, name), 'utf8');
const rows = (name: string): string[] => text(name).trimEnd().split('\n');

test('every shape of CVAT is drawn where the tool shows it, the higher layers on top', async () => {
  const { recognized, classes, count, images, findings } = await readSource(
    cvat,
    { 'annotations.xml': text('annotations.xml') },
    { pictures: ['images/north/street.png', 'images/Validation/frame_000001.PNG'] },
  );
  expect(recognized).toBe('annotations.xml begins with <annotations>');
  expect(classes).toEqual(['road', 'car', 'tree & bush', 'lane', 'person']);
  expect(count).toBe(2);
  expect(findings).toEqual([
    'hidden-joint @ annotations.xml: line 41',
    'hidden-joint @ annotations.xml: line 42',
    'outside-shape @ annotations.xml: line 44',
    'unknown-shape @ annotations.xml: line 45',
    'unknown-shape @ annotations.xml: line 46',
    'unnamed-shape @ annotations.xml: line 47',
    'unreadable-shape @ annotations.xml: line 48',
  ]);
  const [street, frame] = images;
  expect(street).toMatchObject({
    fileName: 'north/street.png',
    path: 'images/north/street.png',
    size: { width: 20, height: 12 },
    split: null,
    source: 'annotations.xml',
  });
  expect(frame).toMatchObject({ path: 'images/Validation/frame_000001.PNG', split: 'val', annotations: [] });
  const drawn = drawRows(street, { width: 20, height: 12, order: 'z' });
  expect(drawn.areas).toEqual(rows('annotations.txt'));
  expect(drawn.points).toEqual(rows('annotations.points.txt'));
  expect(drawn.findings).toEqual([
    'invalid-coordinate @ annotations.xml: line 49',
    'invalid-coordinate @ annotations.xml: line 50',
    'degenerate-shape @ annotations.xml: line 51',
  ]);
});

const label =
  '<meta><task><labels><label><name>car</name><color>#0a141E</color></label></labels></task></meta>';
const image = (content: string) => `<image name="a.png" width="4" height="2">${content}</image>`;
const file = (content: string): string => `<annotations>${label}${content}</annotations>`;
const car = '<polygon label="car" points="0,0;2,0;2,2;0,2"/>';

test('a project has several files and subsets, and other XML files are left out', async () => {
  const { classes, images, findings } = await readSource(
    cvat,
    {
      'one/annotations.xml': file(image(car)),
      'two/annotations.xml': `\uFEFF${file(image(car).replace('<image', '<image subset="Train"'))}`,
      'two/other.xml': '<annotation><object/></annotation>',
    },
    { pictures: ['one/images/a.png', 'two/images/Train/a.png'] },
  );
  expect(classes).toEqual(['car']);
  expect(images.map(({ path, split }) => [path, split])).toEqual([
    ['one/images/a.png', null],
    ['two/images/Train/a.png', 'train'],
  ]);
  expect(findings).toEqual(['other-file @ two/other.xml']);
});

test('UTF-16 is read, and what a file says twice or not at all is named', async () => {
  const wide = Buffer.from(`\uFEFF${file(`${image('')}<image width="x"/>`)}`, 'utf16le');
  const { recognized, images, findings } = await readSource(cvat, { 'a.xml': wide });
  expect(recognized).toBe('a.xml begins with <annotations>');
  expect(images.map(({ fileName }) => fileName)).toEqual(['a.png']);
  expect(findings).toEqual(['unnamed-image @ a.xml: line 1']);
});

test('damaged and dangerous files are refused in one line with the place', async () => {
  const read = (content: string | Uint8Array) => readSource(cvat, { 'a.xml': content }, { only: 'a.xml' });
  await expect(read(file(image(car)).slice(0, -30))).rejects.toThrow(
    /^a\.xml: line 1, column \d+: not well-formed XML \(unclosed tag: .*\); export or copy it again$/,
  );
  await expect(read(file(`\n${image('<box label="a" label="b"/>')}`))).rejects.toThrow(
    'a.xml: line 2, column',
  );
  await expect(read(file(image('<box label="&car;"/>')))).rejects.toThrow('not well-formed XML');
  const bomb = '<!DOCTYPE a [<!ENTITY x "xxxxxxxx"><!ENTITY y "&x;&x;&x;&x;">]>';
  await expect(read(`${bomb}${file(image('<box label="&y;"/>'))}`)).rejects.toThrow(
    'a.xml: has a document type (<!DOCTYPE …>), which annotation tools do not write; remove it',
  );
  // Also where nobody names the file.
  await expect(readSource(cvat, { 'a.xml': `${bomb}${file('')}` })).rejects.toThrow('has a document type');
  await expect(read('<annotations>'.padEnd(1000, '<a>'))).rejects.toThrow(
    'more than 64 elements in each other',
  );
  await expect(read('<?xml version="1.0" encoding="windows-1252"?><annotations/>')).rejects.toThrow(
    'is text of the encoding windows-1252; save it as UTF-8',
  );
  await expect(read(Buffer.from([...Buffer.from('<annotations>'), 0xe9, 0xe9, 0x3c]))).rejects.toThrow(
    'not UTF-8 text',
  );
  await expect(read('')).rejects.toThrow('a.xml: line 1, column 0: not well-formed XML');
  await expect(read('<annotation/>')).rejects.toThrow(
    "a.xml: begins with <annotation>, where CVAT's files have <annotations>",
  );
  await expect(read(file('<track id="0" label="car"><box frame="0"/></track>'))).rejects.toThrow(
    'a.xml: line 1: is of "CVAT for video", whose tracks are not read; export the task as "CVAT for images 1.1"',
  );
});
