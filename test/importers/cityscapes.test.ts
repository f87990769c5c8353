/** The polygons of Cityscapes, which are painted as its label images were. */

import { describe, expect, test } from 'vitest';
import { drawAnnotations } from '#importers/draw-annotations.js';
import { cityscapes } from '#importers/label-images/cityscapes.js';
import { imageRows } from './image-rows.js';
import { readSource } from './read-source.js';

describe('Cityscapes polygons', () => {
  const square = (left: number, top: number, right: number, bottom: number) => [
    [left, top],
    [right, top],
    [right, bottom],
    [left, bottom],
  ];
  const file = (objects: readonly object[]) => JSON.stringify({ imgWidth: 8, imgHeight: 4, objects });
  const street = file([
    { label: 'road', polygon: square(0, 0, 7, 3) },
    { label: 'cargroup', polygon: square(1, 1, 3, 2) },
    // Larger than what it covers: the order of the file counts, and not the size.
    { label: 'vegetation', polygon: square(3, 0, 5, 3) },
    { label: 'license plate', polygon: square(1, 1, 1, 1) },
    { label: 'out of roi', polygon: square(7, 0, 7, 3) },
    { label: 'sky', polygon: square(0, 0, 7, 3), deleted: 1 },
    { label: 'sky', polygon: [[0, 0]] },
  ]);

  test('are painted in their order with their outline, as the official label images', async () => {
    const read = await readSource(
      cityscapes,
      {
        'gtCoarse/train/aachen/aachen_000000_000019_gtCoarse_polygons.json': street,
        'gtCoarse/val/bonn/bonn_000001_000019_gtCoarse_polygons.json': file([]),
      },
      {
        pictures: [
          'leftImg8bit/train/aachen/aachen_000000_000019_leftImg8bit.png',
          'leftImg8bit/val/bonn/bonn_000001_000019_leftImg8bit.png',
        ],
      },
    );
    expect(read.recognized).toMatch(/^polygons in gtCoarse/);
    expect(read.classes).toHaveLength(19);
    expect(read.count).toBe(2);
    expect(read.images.map(({ path, split }) => [path, split])).toEqual([
      ['leftImg8bit/train/aachen/aachen_000000_000019_leftImg8bit.png', 'train'],
      ['leftImg8bit/val/bonn/bonn_000001_000019_leftImg8bit.png', 'val'],
    ]);
    expect(imageRows(read.images[0])).toEqual(['rrrvvvrx', 'rccvvvrx', 'rccvvvrx', 'rrrvvvrx']);
    expect(imageRows(read.images[1])).toEqual(['........', '........', '........', '........']);
    const place = 'gtCoarse/train/aachen/aachen_000000_000019_gtCoarse_polygons.json: objects';
    expect(read.findings).toEqual([
      `license-plate @ ${place}[3]`,
      `ignored-label @ ${place}[4]: out of roi`,
      `deleted-shape @ ${place}[5]`,
      `degenerate-shape @ ${place}[6]`,
    ]);
  });

  test('count as the objects that were painted', async () => {
    const square = (label: string, x: number) => ({
      label,
      polygon: [
        [x, 0],
        [x + 1, 0],
        [x + 1, 1],
      ],
    });
    const objects = ['road', 'car', 'cargroup', 'license plate', 'static'].map((label, at) =>
      square(label, 2 * at),
    );
    const { images } = await readSource(cityscapes, {
      'a_gtFine_polygons.json': JSON.stringify({ imgWidth: 12, imgHeight: 2, objects }),
    });
    const [image] = images;
    if (image === undefined) throw new Error('no image');
    const { annotations } = drawAnnotations(image, {
      width: 12,
      height: 2,
      labels: new Map([
        ['road', 0],
        ['car', 1],
      ]),
      onFinding: () => {},
    });
    expect([...annotations]).toEqual([
      [0, 1],
      [1, 2],
    ]);
  });

  test('alone find the images beside them', async () => {
    const files = { 'set/gtCoarse/train/ulm/ulm_1_gtCoarse_polygons.json': street };
    const pictures = ['set/leftImg8bit/train/ulm/ulm_1_leftImg8bit.png'];
    for (const only of ['set/gtCoarse', 'set/gtCoarse/train']) {
      const { images } = await readSource(cityscapes, files, { pictures, only });
      expect(images[0]?.path).toBe('set/leftImg8bit/train/ulm/ulm_1_leftImg8bit.png');
    }
  });

  test('of other images have classes of their own', async () => {
    const read = await readSource(
      cityscapes,
      {
        'a_polygons.json': file([
          { label: 'crack', polygon: square(0, 0, 3, 3) },
          { label: 'bridge', polygon: square(4, 0, 5, 3) },
          { label: 'out of roi', polygon: square(6, 0, 7, 3) },
        ]),
      },
      { pictures: ['a.jpg'] },
    );
    expect(read.classes).toBeNull();
    expect(read.images[0]?.path).toBe('a.jpg');
    expect(imageRows(read.images[0])).toEqual(Array(4).fill('ccccbbxx'));
  });

  test('fine and coarse together are refused, and a damaged file is named', async () => {
    const both = { 'a_gtFine_polygons.json': street, 'a_gtCoarse_polygons.json': street };
    await expect(readSource(cityscapes, both)).rejects.toThrow(
      /holds fine and coarse labels of the same images; import gtFine or gtCoarse, with --images/,
    );
    const { recognized, images, findings } = await readSource(cityscapes, {
      '0_polygons.json': '{',
      'a_polygons.json': street,
      'b_polygons.json': '{"imgWidth": 8, "imgHeight": 4}',
      'c_polygons.json': street.slice(0, 60),
    });
    expect(images).toHaveLength(1);
    expect(recognized).toBe('polygons in a_polygons.json');
    expect(findings.filter((finding) => finding.startsWith('unreadable-file'))).toEqual([
      expect.stringMatching(/^unreadable-file @ 0_polygons/),
      expect.stringMatching(/^unreadable-file @ b_polygons\.json: objects: /),
      expect.stringMatching(/^unreadable-file @ c_polygons\.json: damaged or truncated JSON/),
    ]);
  });
});
