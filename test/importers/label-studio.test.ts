/** Label Studio's exports: every shape, several annotations, other forms of the export, and what is damaged. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeBinary } from '@thi.ng/rle-pack';
import { encode } from 'fast-png';
import { describe, expect, test } from 'vitest';
import { drawSparse } from '#importers/draw-sparse.js';
import { labelStudio } from '#importers/label-studio/label-studio.js';
import { imageRows } from './image-rows.js';
import { readSource } from './read-source.js';

const folder = join(import.meta.dirname, 'files/label-studio');
const text = (name: string): string => readFileSync(join(folder, name), 'utf8');

describe('an export as JSON', () => {
  const read = readSource(
    labelStudio,
    { 'project-1.json': text('export.json') },
    { pictures: ['images/street 1.jpg', 'images/field.jpg', 'local/deep/lane.jpg'] },
  );

  test('is recognized by its tasks', async () => {
    expect(await read).toMatchObject({ recognized: 'tasks in project-1.json', classes: null });
  });

  test('draws every shape of the last annotation that was not cancelled', async () => {
    const [image] = (await read).images;
    // The last polygon has no class, and so nobody should learn from its pixels.
    expect(imageRows(image)).toEqual(text('export.txt').trimEnd().split('\n'));
  });

  test('has keypoints as points', async () => {
    const [image] = (await read).images;
    if (image === undefined) throw new Error('no image');
    const { points } = drawSparse(image, {
      width: 20,
      height: 10,
      labels: new Map([['man', 4]]),
      onFinding: () => {},
    });
    expect(points).toEqual([{ x: 10, y: 9, class: 4, more: {} }]);
  });

  test('finds images of uploads, buckets and local folders', async () => {
    expect((await read).images.map(({ fileName, path }) => [fileName, path])).toEqual([
      ['street 1.jpg', 'images/street 1.jpg'],
      ['field.jpg', 'images/field.jpg'],
      ['lane.jpg', 'local/deep/lane.jpg'],
    ]);
    expect((await read).images.map(({ size }) => size)).toEqual([{ width: 20, height: 10 }, null, null]);
  });

  test('names what is assumed or left out, and no relation', async () => {
    expect((await read).findings).toEqual([
      'several-annotations @ project-1.json: [0]',
      'several-classes @ project-1.json: [0].annotations[1].result[3]',
      'unnamed-shape @ project-1.json: [0].annotations[1].result[6]',
      'other-result @ project-1.json: [0].annotations[1].result[8]',
      'unreadable-shape @ project-1.json: [0].annotations[1].result[9]: points.0.1: expected a number',
      'predictions @ project-1.json: [1]',
      'no-image @ project-1.json: [3]',
    ]);
  });
});

/** Packs a brush of rows of characters, `#` inside, as Label Studio does: RGBA, of which only alpha counts. */
function brush(rows: readonly string[]): number[] {
  const rgba = [...rows.join('')].flatMap((character) => [255, 0, 0, character === '#' ? 255 : 0]);
  return [...encodeBinary(rgba, rgba.length, 8, [3, 4, 8, 16])];
}

const result = (value: object, type: string, size = { original_width: 4, original_height: 3 }) => ({
  ...size,
  type,
  value,
});

function task(results: readonly object[], data: object = { image: 'a.png' }): string {
  return JSON.stringify([{ data, annotations: [{ result: results }] }]);
}

test('a brush is a mask of the whole image', async () => {
  const rows = ['.##.', '.#..', '####'];
  const { images } = await readSource(labelStudio, {
    'a.json': task([result({ format: 'rle', rle: brush(rows), brushlabels: ['#'] }, 'brushlabels')]),
  });
  expect(imageRows(images[0])).toEqual(rows);
});

test('a brush of another size is left out and named', async () => {
  const value = { format: 'rle', rle: brush(['##']), brushlabels: ['car'] };
  const { findings } = await readSource(labelStudio, {
    'a.json': task([result(value, 'brushlabels')]),
  });
  expect(findings).toEqual([
    'unreadable-shape @ a.json: [0].annotations[0].result[0]: a mask of 8 values of 8 bits for 4×3 pixels; expected 48 values of 8 bits',
  ]);
});

test('a shape with NaN is left out and named', async () => {
  const value = { points: 'P', polygonlabels: ['car'] };
  const content = task([result(value, 'polygonlabels')]).replace('"P"', '[[0, 0], [NaN, 0], [9, 9]]');
  const { findings } = await readSource(labelStudio, { 'a.json': content });
  expect(findings).toEqual([
    'unreadable-shape @ a.json: [0].annotations[0].result[0]: points.1.0: expected a number',
  ]);
});

test('JSON_MIN has the results by their controls', async () => {
  const content = [
    {
      image: 'https://example.org/pictures/a.png',
      id: 3,
      label: [
        {
          points: [
            [0, 0],
            [50, 0],
            [50, 100],
            [0, 100],
          ],
          polygonlabels: ['car'],
          original_width: 4,
          original_height: 3,
        },
      ],
      annotator: 1,
      annotation_id: 5,
    },
    { image: 'b.png', annotation_id: 6 },
  ];
  const read = await readSource(
    labelStudio,
    { 'min.json': JSON.stringify(content) },
    { pictures: ['a.png'] },
  );
  expect(read.recognized).toBe('tasks in min.json');
  expect(imageRows(read.images[0])).toEqual(['cc..', 'cc..', 'cc..']);
  expect(read.images.map(({ path, annotations }) => [path, annotations.length])).toEqual([
    ['a.png', 1],
    [null, 0],
  ]);
});

test('an early export has completions, and a file of cloud storage one annotation', async () => {
  const box = result({ x: 0, y: 0, width: 25, height: 100, rectanglelabels: ['car'] }, 'rectanglelabels');
  const { images } = await readSource(labelStudio, {
    'early.json': JSON.stringify([{ data: { image: 'a.png' }, completions: [{ result: [box] }] }]),
    'tasks/12.json': JSON.stringify({ id: 12, result: [box], task: { id: 3, data: { image: 'b.png' } } }),
  });
  expect(images.map(({ fileName }) => fileName)).toEqual(['a.png', 'b.png']);
  for (const image of images) expect(imageRows(image)).toEqual(['c...', 'c...', 'c...']);
});

test('shapes that state no size are measured by the image', async () => {
  const picture = encode({ width: 8, height: 2, channels: 3, data: new Uint8Array(48) });
  const box = {
    type: 'rectanglelabels',
    value: { x: 0, y: 0, width: 25, height: 100, rectanglelabels: ['car'] },
  };
  const { images } = await readSource(labelStudio, { 'a.json': task([box]), 'a.png': picture });
  expect(imageRows(images[0])).toEqual(['cc......', 'cc......']);
  const { findings } = await readSource(labelStudio, { 'a.json': task([box]) });
  expect(findings).toEqual(['missing-size @ a.json: [0].annotations[0].result[0]']);
});

test('an image inside of the task is embedded, and of several images the first is read', async () => {
  const png = Buffer.from(encode({ width: 1, height: 1, channels: 1, data: new Uint8Array(1) }));
  const data = { one: `data:image/png;base64,${png.toString('base64')}`, two: 'b.png' };
  const box = { x: 0, y: 0, width: 100, height: 100, rectanglelabels: ['car'] };
  const results = [
    { ...result(box, 'rectanglelabels'), to_name: 'one' },
    { ...result(box, 'rectanglelabels'), to_name: 'two' },
  ];
  const { images, findings } = await readSource(labelStudio, { 'a.json': task(results, data) });
  expect(images[0]).toMatchObject({ fileName: 'a-0.png', path: null, embedded: png });
  expect(images[0]?.annotations).toHaveLength(1);
  expect(findings).toEqual([
    'several-images @ a.json: [0].one',
    'other-image-shape @ a.json: [0].annotations[0].result[1]: on two',
  ]);
});

test('a damaged file among others is named', async () => {
  const { images, findings } = await readSource(labelStudio, {
    'a.json': '[{"data": {"image": "a.png"}, "annotations": []}]',
    'b.json': '[{"data": nothing}]',
  });
  expect(images.map(({ fileName }) => fileName)).toEqual(['a.png']);
  expect(findings).toEqual([expect.stringMatching(/^unreadable-file @ b\.json: not valid JSON/)]);
});

test.each([
  ['[{"data": {"image": "a.png"}, "annotations": []}, {"data": ', /^a\.json: the JSON ends in the middle/],
  ['[{"data": {"image": "a.png"}, "annotations": []}, {]}]', /^a\.json: \[1\]: not valid JSON \(/],
  ['[{"data": {"image": "a.pn', /^a\.json: the JSON ends in the middle/],
  ['[{"shapes": []}]', /no tasks of Label Studio; expected its export as JSON or JSON_MIN/],
  ['[{"data": nothing}]', /^a\.json: not valid JSON \(/],
])('a damaged export is named: %s', async (content, message) => {
  await expect(readSource(labelStudio, { 'a.json': content })).rejects.toThrow(message);
});

const square = [
  [0, 0],
  [50, 0],
  [50, 100],
  [0, 100],
];
const polygon = (label: string, more: object = {}) => ({
  ...result({ points: square, polygonlabels: [label] }, 'polygonlabels'),
  ...more,
});

test('an image that was turned in the tool is left out and named, and one that was turned back is read', async () => {
  const { images, findings } = await readSource(labelStudio, {
    'a.json': task([polygon('car', { image_rotation: 0 }), polygon('car', { image_rotation: 90 })]),
    'b.json': task([polygon('bus', { image_rotation: 360 })], { image: 'b.png' }),
  });
  expect(findings).toEqual(['turned-image @ a.json: [0].annotations[0].result[1]: 90°']);
  expect(images.map(({ fileName }) => fileName)).toEqual(['b.png']);
  expect(imageRows(images[0])).toEqual(['bb..', 'bb..', 'bb..']);
});

test('shapes on the further images of a task are named one by one; where tags do not tell, the images are left out', async () => {
  const data = { left: 'a.png', right: 'b.png' };
  const { images, findings } = await readSource(labelStudio, {
    'a.json': task([polygon('car', { to_name: 'left' }), polygon('bus', { to_name: 'right' })], data),
    'b.json': task([polygon('car', { to_name: 'one' }), polygon('bus', { to_name: 'two' })], data),
    'c.json': task([polygon('car', { to_name: 'one' })], data),
  });
  expect(images.map(({ annotations }) => annotations.map(({ className }) => className))).toEqual([
    ['car'],
    ['car'],
  ]);
  const where = (name: string, at: number, on: string) =>
    `other-image-shape @ ${name}: [0].annotations[0].result[${at}]: on ${on}`;
  expect(findings).toEqual([
    'several-images @ a.json: [0].left',
    where('a.json', 1, 'right'),
    'several-images @ b.json: [0].left',
    where('b.json', 0, 'one'),
    where('b.json', 1, 'two'),
    'several-images @ c.json: [0].left',
  ]);
});
