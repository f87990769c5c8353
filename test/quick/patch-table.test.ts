/** Checks what patches show: labels and colors of a made-up image, features of its cells, and draws that processes share. */

import type { SegmentationDataset } from 'coarsely/data';
import { extractFeatures, featureViews } from 'coarsely/quick';
import { type Tensor, tidy } from 'coarsely/torch';
import { afterEach, expect, test } from 'vitest';
import { openPatchTable, type PatchTable, type PatchTableOptions } from '#quick/patch-table.js';
import { disposeBackbones, memoryDataset, smallBackbone, tableOptions } from './table-fixture.js';

afterEach(disposeBackbones);

// 24 columns and 16 rows of cells of four pixels.
const [width, height] = [96, 64];
const labelAt = (x: number, y: number) => (x < 40 ? 0 : x < 56 ? 255 : y < 20 ? 1 : 255);
/** Every cell has a color of its own; the red of its pixels varies around it. */
const colorAt = (x: number, y: number) => [8 * (x >> 2) + 4 + (x & 1 ? 2 : -2), 12 * (y >> 2), 90] as const;

/** Two images with the labels and colors above. */
function madeUp(): SegmentationDataset {
  const labelOf = (pixel: number) => labelAt(pixel % width, Math.floor(pixel / width));
  const dataset = memoryDataset(2, { width, height, labelOf });
  const image = Uint8Array.from(
    { length: 3 * width * height },
    (_, place) => colorAt(Math.floor(place / 3) % width, Math.floor(place / 3 / width))[place % 3] as number,
  );
  return { ...dataset, read: async (index) => ({ ...(await dataset.read(index)), image }) };
}

function opened(given: Partial<PatchTableOptions> = {}): Promise<PatchTable> {
  const dataset = madeUp();
  const options = { ...tableOptions(dataset), size: 5, margin: 1, pool: 12, diskMiB: 0, ...given };
  return openPatchTable({ ...options, dataset });
}

const numbers = (tensor: Tensor) => Array.from(tensor.toTypedArray(), Number);
const all = (table: PatchTable) => Uint32Array.from({ length: table.length }, (_, patch) => patch);
const how = { device: 'cpu', dtype: 'float32' } as const;

test.each([false, true])('labels and colors are those of the cells, mirrored: %s', async (mirrored) => {
  using table = await opened({ views: [{ scale: 1, mirrored }] });
  expect(table.length).toBe(12);
  tidy(() => {
    const { labelsNHW, colorsN3HW, origins = [], cellSize } = table.batch(all(table), how);
    expect(labelsNHW.shape).toEqual([12, 5, 5]);
    expect(cellSize).toBe(4);
    const [labels, colors] = [numbers(labelsNHW), numbers((colorsN3HW as Tensor).mul(255))];
    for (const [patch, { left, right, top, bottom, ...origin }] of origins.entries()) {
      expect(origin).toEqual({ index: patch < 6 ? 0 : 1, mirrored });
      expect((right - left) * width).toBeCloseTo(20, 6);
      expect((bottom - top) * height).toBeCloseTo(20, 6);
      expect(Math.min(left, top, 1 - right, 1 - bottom)).toBeGreaterThan(-1e-9);
      for (let cell = 0; cell < 25; cell++) {
        const across = ((cell % 5) + 0.5) / 5;
        const x = Math.floor(
          (mirrored ? right - across * (right - left) : left + across * (right - left)) * width,
        );
        const y = Math.floor((top + ((Math.floor(cell / 5) + 0.5) / 5) * (bottom - top)) * height);
        expect(labels[patch * 25 + cell]).toBe(labelAt(x, y));
        const expected = [8 * (x >> 2) + 4, 12 * (y >> 2), 90];
        for (const [channel, value] of expected.entries())
          expect(colors[(3 * patch + channel) * 25 + cell]).toBeCloseTo(value, 3);
      }
      // The center is without a label, unless the patch was moved to lie inside.
      const isInner = left > 0 && right < 1 && top > 0 && bottom < 1;
      if (isInner) expect(labels[patch * 25 + 12]).toBe(255);
    }
  });
});

test('features are those of the cells and of the cells around the patch', async () => {
  const backbone = smallBackbone();
  const dataset = madeUp();
  const { image } = await dataset.read(0);
  using table = await opened({ backbone, views: featureViews({ flip: true }), pool: 8 });
  const decoded = { width, height, image };
  const views = featureViews({ flip: true });
  for await (using found of extractFeatures(backbone, [decoded], {
    taps: ['stage1', 'stage2', 'stage3', 'stage4'],
    views,
    precision: 'float32',
  })) {
    tidy(() => {
      const { imagesNCHW, origins = [] } = table.batch(all(table), how);
      expect(imagesNCHW.shape).toEqual([8, 960, 7, 7]);
      let compared = 0;
      for (const [patch, { index, left, right, top, mirrored }] of origins.entries()) {
        if (index !== 0 || mirrored !== found.view.mirrored) continue;
        const column = Math.round((mirrored ? 1 - right : left) * 24);
        const row = Math.round(top * 16);
        const expected = found.stacked().narrow(2, row, 5).narrow(3, column, 5).to({ dtype: 'float32' });
        const inner = imagesNCHW.narrow(0, patch, 1).narrow(2, 1, 5).narrow(3, 1, 5);
        expect(inner).toBeAllclose(expected, { absolute: 0.02, relative: 0.01 });
        compared++;
      }
      expect(compared).toBeGreaterThan(0);
    });
  }
});

test('draws depend on seed and step, and processes divide them', async () => {
  using table = await opened();
  const drawOf = (step: number, share = {}) => [...table.draw(step, { seed: 3, count: 6, ...share })];
  expect(drawOf(1)).toEqual(drawOf(1));
  expect(drawOf(2)).not.toEqual(drawOf(1));
  const parts = [0, 1].flatMap((rank) => drawOf(1, { share: { rank, worldSize: 2 } }));
  expect(parts).toEqual(drawOf(1));
});

test('an image that is smaller than a patch is padded, and the origin says where', async () => {
  using table = await opened({ size: 21, margin: 0, pool: 2 });
  tidy(() => {
    const { labelsNHW, origins } = table.batch(all(table), how);
    expect(origins?.[0]).toMatchObject({ top: -2 / 16, bottom: 19 / 16 });
    // Two rows of cells above the image have neither label nor place.
    expect(numbers(labelsNHW.narrow(1, 0, 2)).every((label) => label === 255)).toBe(true);
    expect(numbers(labelsNHW.narrow(1, 2, 16)).some((label) => label !== 255)).toBe(true);
  });
});
