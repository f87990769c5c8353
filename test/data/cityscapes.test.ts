/**
 * Tests Cityscapes: classes of ids, the three forms of a label file, and polygons painted as the official scripts do.
 */

import { readFileSync } from 'node:fs';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { checkDataset, cityscapesClasses, openDataset } from 'coarsely/data';
import { describe, expect, it } from 'vitest';
import { grayLabels, png, put, temporaryFolder } from './dataset-folder.js';

const image = (width: number, height: number) =>
  png({ width, height, channels: 3, bytes: (place) => place % 256 });

/** Writes one image of `val` with the label files of these endings, and returns the root. */
async function street(
  labels: Readonly<Record<string, string | Uint8Array>>,
  { width, height }: { readonly width: number; readonly height: number },
): Promise<string> {
  const root = await temporaryFolder();
  await put(join(root, 'leftImg8bit/val/lindau/lindau_000000_000019_leftImg8bit.png'), image(width, height));
  for (const [ending, content] of Object.entries(labels)) {
    await put(join(root, `gtFine/val/lindau/lindau_000000_000019_gtFine_${ending}`), content);
  }
  return root;
}

const describeRoot = (root: string) => ({ kind: 'cityscapes', root, split: 'val' });

async function labelsOf(root: string): Promise<number[]> {
  const { labels } = await (await openDataset(describeRoot(root))).read(0);
  return [...(labels ?? [])];
}

type Object = { label: string; polygon: number[][]; deleted?: number };
const polygons = (objects: readonly Object[], size: { readonly width: number; readonly height: number }) =>
  JSON.stringify({ imgHeight: size.height, imgWidth: size.width, objects });

/** Returns the rows of a label image, with a letter for each class and a dot for ignored pixels. */
function rowsOf(labels: readonly number[], { width, letters }: { width: number; letters: string }): string[] {
  const text = labels.map((label) => (label === 255 ? '.' : letters[label])).join('');
  return text.match(new RegExp(`.{${width}}`, 'g')) ?? [];
}

describe('ids', () => {
  it('are 34, of which 19 are classes in the official order', async () => {
    const root = await street(
      { 'labelIds.png': grayLabels(35, [...Array(34).keys(), 255]) },
      { width: 35, height: 1 },
    );
    const names = (await labelsOf(root)).map((label) => cityscapesClasses[label]?.name ?? '-');
    expect(names.join(' ')).toBe(
      '- - - - - - - road sidewalk - - building wall fence - - - pole - traffic light traffic sign vegetation ' +
        'terrain sky person rider car truck bus - - train motorcycle bicycle -',
    );
    expect(cityscapesClasses.map(({ color }) => color.join()).join(' ')).toBe(
      '128,64,128 244,35,232 70,70,70 102,102,156 190,153,153 153,153,153 250,170,30 220,220,0 107,142,35 ' +
        '152,251,152 70,130,180 220,20,60 255,0,0 0,0,142 0,0,70 0,60,100 0,80,100 0,0,230 119,11,32',
    );
  });
});

it('names a city whose folder cannot be read, instead of leaving it out', async () => {
  const root = await street({ 'labelIds.png': grayLabels(2, [7, 7]) }, { width: 2, height: 1 });
  const broken = join(root, 'leftImg8bit/val/zurich');
  await symlink(broken, broken);
  const { problems } = await checkDataset(describeRoot(root));
  expect(problems).toEqual([`${broken}: the folder cannot be read (ELOOP)`]);
});

describe('label files', () => {
  const size = { width: 2, height: 1 };
  const road = polygons(
    [
      {
        label: 'road',
        polygon: [
          [0, 0],
          [1, 0],
        ],
      },
    ],
    size,
  );

  it('are read as ids, else as train ids, else as polygons', async () => {
    const ids = { 'labelIds.png': grayLabels(2, [26, 1]) };
    const trainIds = { 'labelTrainIds.png': grayLabels(2, [11, 255]) };
    const both = { 'polygons.json': road, ...trainIds };
    expect(await labelsOf(await street({ ...ids, ...both }, size))).toEqual([13, 255]);
    expect(await labelsOf(await street(both, size))).toEqual([11, 255]);
    expect(await labelsOf(await street({ 'polygons.json': road }, size))).toEqual([0, 0]);
  });

  it('of train ids hold no other value', async () => {
    const root = await street({ 'labelTrainIds.png': grayLabels(2, [18, 19]) }, size);
    await expect(labelsOf(root)).rejects.toThrow(
      /_labelTrainIds\.png: value 19 at pixel \(1, 0\); expected Cityscapes train ids, 0 to 18 and 255$/,
    );
  });

  it('other than these do not count', async () => {
    const root = await street({ 'color.png': image(2, 1), 'instanceIds.png': image(2, 1) }, size);
    expect((await checkDataset(describeRoot(root))).problems).toEqual([
      expect.stringMatching(
        /no labels; expected .*gtFine\/val\/lindau\/lindau_000000_000019_gtFine_labelIds\.png \(or /,
      ),
    ]);
  });

  it('of the coarse extension are coarse', async () => {
    const options = { kind: 'cityscapes', root: '/nowhere', split: 'train_extra' };
    await expect((async () => openDataset(options))()).rejects.toMatchObject({
      code: 'config',
      message: expect.stringContaining('train_extra has coarse labels only; set labels: coarse'),
    });
  });
});

describe('polygons', () => {
  const draw = async (objects: readonly Object[], size: { width: number; height: number }) =>
    rowsOf(await labelsOf(await street({ 'polygons.json': polygons(objects, size) }, size)), {
      width: size.width,
      letters: 'rsbwfplgvtkyicTBNMx',
    });

  it('hold their outline', async () => {
    const square = [
      [1, 1],
      [4, 1],
      [4, 3],
      [1, 3],
    ];
    expect(await draw([{ label: 'road', polygon: square }], { width: 6, height: 5 })).toEqual([
      '......',
      '.rrrr.',
      '.rrrr.',
      '.rrrr.',
      '......',
    ]);
    const triangle = [
      [0, 0],
      [4, 4],
      [0, 4],
    ];
    expect(await draw([{ label: 'building', polygon: triangle }], { width: 5, height: 5 })).toEqual([
      'b....',
      'bb...',
      'bbb..',
      'bbbb.',
      'bbbbb',
    ]);
  });

  it('are cut off at the image, and even–odd where they cross themselves', async () => {
    const wide = [
      [-5, 1],
      [20, 1],
      [20, 9],
      [-5, 9],
    ];
    expect(await draw([{ label: 'road', polygon: wide }], { width: 3, height: 3 })).toEqual([
      '...',
      'rrr',
      'rrr',
    ]);
    const bow = [
      [0, 0],
      [6, 6],
      [6, 0],
      [0, 6],
    ];
    expect(await draw([{ label: 'road', polygon: bow }], { width: 7, height: 7 })).toEqual([
      'r.....r',
      'rr...rr',
      'rrr.rrr',
      'rrrrrrr',
      'rrr.rrr',
      'rr...rr',
      'r.....r',
    ]);
  });

  it('of a point or a line are drawn, of nothing are not, deleted ones whatever they hold', async () => {
    const objects = [
      { label: 'road', polygon: [[1, 1]] },
      { label: 'car', polygon: [] },
      { label: 'sky', polygon: [[0, 0]], deleted: 1 },
      {
        label: 'building',
        polygon: [
          [3, 0],
          [3, 2],
        ],
      },
    ];
    expect(await draw(objects, { width: 5, height: 3 })).toEqual(['...b.', '.r.b.', '...b.']);
  });

  it('cover each other in their order; deleted ones, license plates and void show as they should', async () => {
    const row = (from: number, to: number) => [
      [from, 0],
      [to, 0],
    ];
    const drawn = await draw(
      [
        { label: 'road', polygon: row(0, 9) },
        { label: 'cargroup', polygon: row(1, 4) },
        { label: 'license plate', polygon: row(2, 3) },
        { label: 'sky', polygon: row(0, 9), deleted: 1 },
        { label: 'polegroup', polygon: row(6, 6) },
        { label: 'out of roi', polygon: row(8, 9) },
        { label: 'road', polygon: row(9, 9), deleted: 0 },
      ],
      { width: 10, height: 1 },
    );
    expect(drawn).toEqual(['riiiir.r.r'.replaceAll('i', 'c')]);
  });

  it('agree with Pillow but for a single pixel that its later versions add to some', async () => {
    const path = new URL('./pillow-polygons.json', import.meta.url);
    const { cases } = JSON.parse(readFileSync(path, 'utf8')) as {
      cases: { polygon: number[][]; rows: string[] }[];
    };
    let different = 0;
    for (const { polygon, rows } of cases) {
      const size = { width: rows[0]?.length ?? 0, height: rows.length };
      const ours = (await draw([{ label: 'road', polygon }], size)).join('');
      const theirs = rows.join('').replaceAll('#', 'r');
      const places = [...theirs].flatMap((pixel, place) => (pixel === ours[place] ? [] : [place]));
      expect({ polygon, added: places.map((place) => theirs[place]) }).toEqual({
        polygon,
        added: places.length === 0 ? [] : ['r'],
      });
      different += places.length;
    }
    expect(cases).toHaveLength(40);
    expect(different).toBeLessThanOrEqual(4);
  });

  it.each([
    [
      'an unknown label',
      polygons(
        [
          {
            label: 'raod',
            polygon: [
              [0, 0],
              [1, 1],
            ],
          },
        ],
        { width: 2, height: 1 },
      ),
      "object 0 has the label 'raod', which Cityscapes does not have; did you mean road?",
    ],
    ['a truncated file', '{"imgHeight": 1, "imgWi', 'damaged or truncated JSON ('],
    ['an empty file', '', 'damaged or truncated JSON ('],
    ['no size', '{"objects": []}', 'imgWidth: '],
    ['no list of objects', '{"imgHeight": 1, "imgWidth": 2, "objects": 3}', 'objects: '],
    [
      'a point that is none',
      '{"imgHeight":1,"imgWidth":2,"objects":[{"label":"car","polygon":[[1]]}]}',
      'objects.0.polygon.0',
    ],
    ['an absurd size', '{"imgHeight": 1, "imgWidth": 2000000000, "objects": []}', 'imgWidth: '],
    ['another size', polygons([], { width: 3, height: 1 }), 'labels are 3×1, but the image is 2×1'],
  ])('name their file: %s', async (_, content, line) => {
    const root = await street({ 'polygons.json': content }, { width: 2, height: 1 });
    const [problem = '', ...more] = (await checkDataset(describeRoot(root))).problems;
    expect(more).toEqual([]);
    expect(problem).toContain(`lindau_000000_000019_gtFine_polygons.json: ${line}`);
    expect(problem).not.toContain('\n');
    await expect(labelsOf(root)).rejects.toMatchObject({ code: 'data', message: problem });
  });
});
