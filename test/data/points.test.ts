/** Reads points: files, what is refused, the pixels around them, and where crops show them. */

import { join } from 'node:path';
import {
  countPoints,
  formatPointFile,
  openDataset,
  openPoints,
  placePoints,
  pointDataset,
  readPointFile,
  withoutPoints,
} from 'coarsely/data';
import { DataError } from 'coarsely/errors';
import { beforeEach, describe, expect, test } from 'vitest';
import { grayLabels, png, put, smallDataset, temporaryFolder } from './dataset-folder.js';

const classes = [{ name: 'road' }, { name: 'car' }, { name: 'tree' }];

/** Returns the message of a rejection without the folder. */
async function messageOf(promise: Promise<unknown>, folder: string): Promise<string> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(DataError);
  return (error as Error).message.replaceAll(folder, '');
}

describe('a file of points', () => {
  test('names classes by name or index, may leave some open, and keeps what else it says', async () => {
    const path = join(await temporaryFolder(), 'a.json');
    const content = {
      width: 12,
      height: 8,
      by: 'Ada',
      points: [
        { x: 11, y: 7, class: 'car' },
        { x: 0, y: 0, class: 2 },
        { x: 3, y: 4, class: null, suggested: 'tree' },
      ],
    };
    await put(path, JSON.stringify(content));
    const file = await readPointFile(path, classes);
    expect(file).toEqual({
      width: 12,
      height: 8,
      more: { by: 'Ada' },
      points: [
        { x: 11, y: 7, class: 1, more: {} },
        { x: 0, y: 0, class: 2, more: {} },
        { x: 3, y: 4, class: null, more: { suggested: 'tree' } },
      ],
    });
    const text = formatPointFile(file, classes);
    expect(JSON.parse(text)).toEqual({
      ...content,
      points: [content.points[0], { x: 0, y: 0, class: 'tree' }, content.points[2]],
    });
    expect(text.split('\n').filter((line) => line.includes('"x"'))).toHaveLength(3);
  });

  const size = { width: 12, height: 8 };
  const point = { x: 1, y: 2, class: 'car' };
  test.each([
    [
      { ...size, points: [point, { x: 3, y: 1, class: 'carr' }] },
      "/a.json: points.1: no class 'carr' (did you mean 'car'?); expected one of road, car, tree, an index, or null",
    ],
    [
      { ...size, points: [{ ...point, class: 3 }] },
      '/a.json: points.0: no class 3; expected an index from 0 to 2, a name, or null',
    ],
    [
      { ...size, points: [{ ...point, x: 12 }] },
      '/a.json: points.0: (12, 2) lies outside the image of 12×8 pixels; expected x below 12 and y below 8',
    ],
    [
      { ...size, points: [{ ...point, y: -1 }] },
      /^\/a\.json: points\.0\.y: expected a whole number, counted from 0; a file of points is \{ "width"/,
    ],
    [{ ...size, points: [{ ...point, x: 1.5 }] }, /^\/a\.json: points\.0\.x: expected a whole number/],
    [
      { ...size, points: [{ x: 1, y: 2 }] },
      /^\/a\.json: points\.0\.class: expected the name or index of a class/,
    ],
    [{ ...size, points: 5 }, /^\/a\.json: points: expected a list of points/],
    [{ height: 8, points: [] }, /^\/a\.json: width: expected a whole number of pixels/],
    [[point], /^\/a\.json: .*expected .*; a file of points is/],
    [
      { ...size, points: [point, { ...point, class: 'tree' }] },
      "/a.json: pixel (1, 2) is both 'car' and 'tree'; keep one of the two points",
    ],
  ])('%j is refused', async (content, message) => {
    const folder = await temporaryFolder();
    await put(join(folder, 'a.json'), JSON.stringify(content));
    const received = await messageOf(readPointFile(join(folder, 'a.json'), classes), folder);
    if (typeof message === 'string') expect(received).toBe(message);
    else expect(received).toMatch(message);
    expect(received.split('\n')).toHaveLength(1);
  });

  test('that is no JSON is refused with what one looks like', async () => {
    const folder = await temporaryFolder();
    await put(join(folder, 'a.json'), 'x,y,class\n1,2,car');
    const received = await messageOf(readPointFile(join(folder, 'a.json'), classes), folder);
    expect(received).toMatch(/^\/a\.json: not valid JSON \(.*\); a file of points is \{ "width": 480/s);
  });
});

describe('points of a dataset', () => {
  let root: string;
  beforeEach(async () => {
    root = await smallDataset(4);
  });
  const train = () => openDataset({ kind: 'folder', root, split: 'train', labels: 'labels' });
  const write = (name: string, points: readonly object[], size: object = { width: 12, height: 8 }) =>
    put(join(root, 'points/train', `${name}.json`), JSON.stringify({ ...size, points }));
  const place = (more: object = {}) => ({ root, labels: 'points', split: 'train', ...more });

  test('are of some images, as JSON or as PNG', async () => {
    await write('sample-3', [
      { x: 2, y: 1, class: 'car' },
      { x: 5, y: 0, class: 'road' },
      { x: 1, y: 1, class: null },
    ]);
    const sparse = Array.from({ length: 96 }, (_, pixel) => (pixel === 13 ? 2 : 255));
    await put(join(root, 'points/train/sample-1.png'), grayLabels(12, sparse));
    await write('sample-0', [{ x: 1, y: 1, class: null }]);
    const dataset = await train();
    const points = await openPoints(dataset, place());
    expect([...points.keys()]).toEqual([1, 3]);
    expect(points.get(3)).toMatchObject({ count: 2, unanswered: 1, width: 12, height: 8 });
    expect([...(points.get(3)?.pixels ?? [])]).toEqual([5, 14]);
    expect([...(points.get(3)?.classes ?? [])]).toEqual([0, 1]);
    expect([...(points.get(1)?.pixels ?? [])]).toEqual([13]);
    const counts = countPoints(points);
    expect({ ...counts, pixelsByClass: [...counts.pixelsByClass.slice(0, 3)] }).toEqual({
      points: 3,
      unanswered: 1,
      pixelsByClass: [1, 1, 1],
    });

    const view = pointDataset(dataset, points);
    expect([view.length, view.name(0), view.name(1), view.indices]).toEqual([
      2,
      'sample-1',
      'sample-3',
      [1, 3],
    ]);
    const sample = await view.read(1);
    expect(sample.image).toEqual((await dataset.read(3)).image);
    const labeled = [...(sample.labels ?? [])].flatMap((label, pixel) =>
      label === 255 ? [] : [[pixel, label]],
    );
    expect(labeled).toEqual([
      [5, 0],
      [14, 1],
    ]);
    const rest = withoutPoints(dataset, points);
    const [own, left] = [await dataset.readLabels?.(3), await rest.readLabels?.(3)];
    const expected = own?.labels.map((label, pixel) => (pixel === 5 || pixel === 14 ? 255 : label));
    expect(left?.labels).toEqual(expected);
    expect((await rest.read(3)).labels).toEqual(expected);
    expect((await rest.open?.(3))?.labels).toEqual(expected);
    expect((await rest.readLabels?.(2))?.labels).toEqual((await dataset.readLabels?.(2))?.labels);
    expect((await view.readLabels(1)).labels).toEqual(sample.labels);
    expect((await view.open?.(1))?.labels).toEqual(sample.labels);
  });

  test('label what lies around them up to a radius, and the nearer one counts', async () => {
    await write('sample-0', [
      { x: 0, y: 0, class: 'road' },
      { x: 3, y: 0, class: 'car' },
    ]);
    const points = await openPoints(await train(), place({ radius: 2 }));
    const { pixels = [], classes: found = [] } = points.get(0) ?? {};
    const rows = Array.from({ length: 4 }, (_, y) =>
      Array.from({ length: 7 }, (__, x) => found[[...pixels].indexOf(12 * y + x)] ?? '.').join(''),
    );
    // The distance of (1, 1) from the first is √2; that of (2, 1) from the second is √2, too.
    expect(rows).toEqual(['001111.', '00111..', '0..1...', '.......']);
  });

  test('come with clear reasons when they cannot be used', async () => {
    const opened = async (more: object = {}) => messageOf(openPoints(await train(), place(more)), root);
    expect(await opened()).toBe(
      '/points/train: no such folder; points are files LABELS/SPLIT/NAME.json in the folder of the dataset',
    );
    await write('sample-0', [{ x: 1, y: 1, class: null }]);
    expect(await opened()).toBe(
      '/points/train: no point has a class in 1 file (1 point waits for an answer); set the class of some of them',
    );
    await write('sample-1', [{ x: 1, y: 1, class: 'car' }], { width: 24, height: 16 });
    expect(await opened()).toMatch(/^\/points\/train\/sample-1\.json: .*24×16.*12×8/);
    await write('sample-1', [{ x: 1, y: 1, class: 'car' }]);
    await put(
      join(root, 'points/train/sample-1.png'),
      png({ width: 12, height: 8, channels: 1, bytes: () => 255 }),
    );
    expect(await opened()).toMatch(/has the same name as .*; keep one of the two$/);
    await write('sample-9', []);
    await write('sample-1', []);
    root = await smallDataset(2);
    await write('sample-9', [{ x: 1, y: 1, class: 'car' }]);
    expect(await opened()).toBe(
      '/points/train/sample-9.json: points without an image; expected an image named sample-9 among the 2 that are trained on',
    );
  });
});

describe('a crop shows points where the center of their pixel is', () => {
  const image = (pixels: number[], labels: number[]) => ({
    path: '',
    width: 8,
    height: 4,
    count: pixels.length,
    unanswered: 0,
    pixels: Uint32Array.from(pixels),
    classes: Uint8Array.from(labels),
  });
  const rowsOf = (labels: Uint8Array, width: number) =>
    Array.from({ length: labels.length / width }, (_, y) =>
      [...labels.subarray(y * width, (y + 1) * width)].map((label) => (label === 255 ? '.' : label)).join(''),
    );
  // (1, 0), (6, 0), (2, 3)
  const points = new Map([[5, image([1, 6, 26], [0, 1, 2])]]);
  const whole = { left: 0, right: 1, top: 0, bottom: 1, mirrored: false };
  const placed = (
    origin: Partial<typeof whole> & { index?: number },
    crop: { width: number; height: number },
  ) => rowsOf(placePoints(points, { origins: [{ index: 5, ...whole, ...origin }], crop }), crop.width);

  test('as it is, mirrored, and in part', () => {
    expect(placed({}, { width: 8, height: 4 })).toEqual(['.0....1.', '........', '........', '..2.....']);
    expect(placed({ mirrored: true }, { width: 8, height: 4 })).toEqual([
      '.1....0.',
      '........',
      '........',
      '.....2..',
    ]);
    const part = { left: 2 / 8, right: 8 / 8, top: 0, bottom: 2 / 4 };
    expect(placed(part, { width: 6, height: 2 })).toEqual(['....1.', '......']);
  });

  test('smaller, where two of one pixel leave the first, and larger, where it stays a single pixel', () => {
    expect(placed({}, { width: 2, height: 2 })).toEqual(['01', '2.']);
    expect(placed({}, { width: 1, height: 1 })).toEqual(['0']);
    const large = placed({}, { width: 24, height: 12 });
    expect(large.join('').replaceAll('.', '')).toBe('012');
    // The center of pixel (1, 0) is (1.5, 0.5) of 8×4, and (4.5, 1.5) of 24×12.
    expect(large[1]?.[4]).toBe('0');
  });

  test('and none in padding', () => {
    // The image fills the left upper quarter of the crop; mirrored, the right upper one.
    const padded = { left: 0, right: 2, top: 0, bottom: 2 };
    expect(placed(padded, { width: 16, height: 8 }).slice(0, 4)).toEqual([
      '.0....1.........',
      '................',
      '................',
      '..2.............',
    ]);
    expect(placed({ ...padded, left: -1, right: 1, mirrored: true }, { width: 16, height: 8 })[0]).toBe(
      '.1....0.........',
    );
  });

  test('of other images nothing is shown', () => {
    expect(placed({ index: 4 }, { width: 4, height: 2 })).toEqual(['....', '....']);
  });
});
