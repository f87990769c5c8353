/** Takes features of files and decoded images, as a person would, and compares them with the backbone's own. */

import { join } from 'node:path';
import { normalizeImage } from 'coarsely/data';
import { resizeBilinear } from 'coarsely/nn';
import { extractFeatures, featureViews } from 'coarsely/quick';
import { noGrad, tensorFrom, tidy } from 'coarsely/torch';
import { afterEach, expect, test } from 'vitest';
import { disposeBackbones, imageBytes, imageSize, smallBackbone, writeImages } from './table-fixture.js';

afterEach(disposeBackbones);

const { width, height } = imageSize;

test('features of files and decoded images', async () => {
  const { root } = await writeImages(2);
  const backbone = smallBackbone();
  const files = [0, 1].map((index) => join(root, `images/train/00${index}.png`));
  const decoded = { ...imageSize, image: imageBytes(1) };
  const names: string[] = [];
  const seen: Uint8Array[] = [];
  for await (using found of extractFeatures(backbone, [...files, decoded], { precision: 'float32' })) {
    names.push(found.name);
    expect([found.width, found.height]).toEqual([width, height]);
    expect(found.maps.map(({ dtype }) => dtype)).toEqual(Array(5).fill('float16'));
    // The stem is averaged to the size of the first stage.
    expect(found.maps.map(({ shape }) => shape)).toEqual([
      [1, 64, 12, 18],
      [1, 64, 12, 18],
      [1, 128, 6, 9],
      [1, 256, 3, 5],
      [1, 512, 3, 5],
    ]);
    tidy(() => {
      const stacked = found.stacked();
      expect(stacked.shape).toEqual([1, 1024, 12, 18]);
      seen.push(stacked.toBytes());
      // A point at the center of a cell of the finest map has the stacked features of that cell.
      const rows = found.rows(Float32Array.of(7.5 / 18, 4.5 / 12));
      const cell = stacked.narrow(2, 4, 1).narrow(3, 7, 1).reshape([1, 1024]);
      expect(rows).toBeAllclose(cell.to({ dtype: 'float16' }), { absolute: 0.01, relative: 0.005 });
    });
  }
  expect(names).toEqual(['000.png', '001.png', 'image 2']);
  expect(seen[2]).toEqual(seen[1]);
  expect(seen[1]).not.toEqual(seen[0]);
});

test('the maps are those of the backbone, with batch normalizations folded', async () => {
  const backbone = smallBackbone();
  const images = [{ ...imageSize, image: imageBytes(4) }];
  for await (using found of extractFeatures(backbone, images, {
    taps: ['stage3', 'stem'],
    precision: 'float32',
  })) {
    tidy(() =>
      noGrad(() => {
        const values = normalizeImage(imageBytes(4), imageSize);
        const input = tensorFrom(values, { dtype: 'float32', shape: [1, 3, height, width] });
        const [stage1, , stage3, , stem] = backbone.forward(input, { stem: true });
        const [, , rows = 0, columns = 0] = stage1.shape;
        const near = { absolute: 0.01, relative: 0.005 };
        expect(found.maps[0]).toBeAllclose(stage3.to({ dtype: 'float16' }), near);
        const averaged = resizeBilinear(stem as NonNullable<typeof stem>, [rows, columns]);
        expect(found.maps[1]).toBeAllclose(averaged.to({ dtype: 'float16' }), near);
      }),
    );
  }
});

test('several views, and a loop that is left early', async () => {
  const images = [0, 1, 2].map((index) => ({ ...imageSize, image: imageBytes(index) }));
  const views = featureViews({ scales: [0.5, 1], flip: true });
  const shapes: (readonly number[])[] = [];
  for await (using found of extractFeatures(smallBackbone(), images, { views, taps: ['stage1'] })) {
    shapes.push((found.maps[0] as (typeof found.maps)[number]).shape.slice(2));
    if (shapes.length === 5) break;
  }
  expect(shapes).toEqual([
    [6, 9],
    [6, 9],
    [12, 18],
    [12, 18],
    [6, 9],
  ]);
});

test('a file that is no image is named, and so is a tap that is not there', async () => {
  const { root } = await writeImages(1);
  const take = async (path: string) => {
    for await (using _found of extractFeatures(smallBackbone(), [path])) void _found;
  };
  await expect(take(join(root, 'classes.json'))).rejects.toThrow(/classes\.json/);
  await expect(take(join(root, 'missing.png'))).rejects.toThrow(/missing\.png/);
});
