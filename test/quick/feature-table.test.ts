/** Compares the rows of a table with the features that the network gives at the same places, and with a table anew. */

import { join } from 'node:path';
import { imageNetNormalization, normalizeImage } from 'coarsely/data';
import type { Backbone } from 'coarsely/models';
import { resizeBilinear } from 'coarsely/nn';
import { type FeatureTable, type FeatureTableOptions, featureViews, openFeatureTable } from 'coarsely/quick';
import { cat, noGrad, ops, type Tensor, tensorFrom, tidy, withKernels } from 'coarsely/torch';
import { afterEach, describe, expect, test } from 'vitest';
import {
  disposeBackbones,
  imageBytes,
  imageSize,
  labelBytes,
  memoryDataset,
  smallBackbone,
  tableOptions,
  temporaryFolder,
  writeImages,
} from './table-fixture.js';

afterEach(disposeBackbones);

const { width, height } = imageSize;

/** The stacked features of an image at its own size, computed without anything that is under test. */
function featuresAtPixels(backbone: Backbone, index: number, { scale = 1, mirrored = false } = {}): Tensor {
  return tidy(() =>
    noGrad(() => {
      const values = normalizeImage(imageBytes(index), {
        ...imageSize,
        normalization: imageNetNormalization,
      });
      const input = tensorFrom(values, { dtype: 'float32', shape: [1, 3, height, width] });
      const resized = resizeBilinear(input, [Math.round(height * scale), Math.round(width * scale)]);
      const shown = mirrored ? ops.flip(resized, [3]) : resized;
      const maps = backbone.forward(shown.contiguous({ memoryFormat: 'channels-last' })).map((map) => {
        const pixels = resizeBilinear(map.to({ dtype: 'float16' }).to({ dtype: 'float32' }), [height, width]);
        return mirrored ? ops.flip(pixels, [3]) : pixels;
      });
      return cat(maps, 1);
    }),
  );
}

/** The rows of a table by image, class and place, as texts to compare. */
function rowsOf(table: FeatureTable): string[] {
  const all = Uint32Array.from({ length: table.length }, (_, row) => row);
  return tidy(() => {
    const bytes = Buffer.from(table.batch(all).permute([0, 2, 3, 1]).toBytes());
    const each = bytes.length / table.length;
    return Array.from(all, (row) => {
      const features = bytes.subarray(row * each, (row + 1) * each).toString('base64');
      const place = [table.places[2 * row], table.places[2 * row + 1]];
      return `${table.imageIndices[row]} ${table.labels[row]} ${place} ${table.multiplicities[row]} ${features}`;
    });
  });
}

async function opened(options: FeatureTableOptions): Promise<string[]> {
  using table = await openFeatureTable(options);
  return rowsOf(table);
}

describe('openFeatureTable', () => {
  test.each([
    { scale: 1, mirrored: false },
    { scale: 1, mirrored: true },
    { scale: 0.5, mirrored: false },
  ])('rows are the features at their places, view %o', async (view) => {
    const cacheFolder = await temporaryFolder();
    const dataset = await writeImages(2);
    const options = tableOptions(dataset, { cacheFolder, views: [view], memoryMiB: 1 });
    using table = await openFeatureTable(options);
    expect(table.channels).toBe(64 + 128 + 256 + 512);
    // A MiB holds 540 rows of two images.
    expect(table.length).toBe(540);
    const rows = Uint32Array.from({ length: table.length }, (_, row) => row);
    tidy(() => {
      const found = table.batch(rows);
      expect(found.shape).toEqual([1, 960, 1, table.length]);
      expect(found.isContiguous('channels-last')).toBe(true);
      for (const index of [0, 1]) {
        const own = rows.filter((row) => table.imageIndices[row] === index);
        expect(own.length).toBe(270);
        const features = featuresAtPixels(options.backbone, index, view)
          .permute([0, 2, 3, 1])
          .reshape([-1, 960]);
        const pixels = Array.from(own, (row) => {
          const [x, y] = [table.places[2 * row] as number, table.places[2 * row + 1] as number];
          return Math.floor(y * height) * width + Math.floor(x * width);
        });
        const labels = labelBytes(index);
        expect(Array.from(own, (row) => table.labels[row])).toEqual(pixels.map((pixel) => labels[pixel]));
        const chosen = tensorFrom(BigInt64Array.from(pixels, BigInt), {
          dtype: 'int64',
          shape: [pixels.length],
        });
        const expected = features.indexSelect(0, chosen);
        const actual = table.batch(own).reshape([960, own.length]).transpose(0, 1);
        expect(actual).toBeAllclose(expected, { absolute: 0.01, relative: 0.01 });
      }
    });
  });

  test('all labeled pixels are kept where they fit', async () => {
    using table = await openFeatureTable(
      tableOptions(await writeImages(2), { cacheFolder: await temporaryFolder() }),
    );
    expect(table.length).toBe(2 * 60 * 45);
    expect(table.multiplicities.every((count) => count === 1)).toBe(true);
  });

  test('cells are read at their centers', async () => {
    const options = tableOptions(memoryDataset(1, { width: 64, height: 32 }), {
      diskMiB: 0,
      placement: 'cells',
      taps: ['stage1'],
    });
    using table = await openFeatureTable(options);
    tidy(() => {
      const seen = new Map<string, Set<string>>();
      const numbers = table
        .batch(Uint32Array.from({ length: table.length }, (_, row) => row))
        .reshape([64, -1]);
      const columns = numbers.transpose(0, 1).toArray() as number[][];
      for (const [row, column] of columns.entries()) {
        const [x, y] = [table.places[2 * row] as number, table.places[2 * row + 1] as number];
        const cell = `${Math.floor(x * 16)} ${Math.floor(y * 8)}`;
        seen.set(cell, (seen.get(cell) ?? new Set()).add(column.join()));
      }
      // 16 × 8 cells, in each of which all pixels have the same features.
      expect(seen.size).toBe(128);
      expect([...seen.values()].every((features) => features.size === 1)).toBe(true);
    });
  });

  test('patches hold the cells around a pixel', async () => {
    const dataset = memoryDataset(1, { width: 64, height: 32 });
    const options = { taps: ['stage1', 'stage3'], diskMiB: 0 } as const;
    const cells = tableOptions(dataset, { ...options, placement: 'cells' });
    using single = await openFeatureTable(cells);
    using patches = await openFeatureTable(
      tableOptions(dataset, { ...options, backbone: cells.backbone, patchSize: 3, memoryMiB: 64 }),
    );
    tidy(() => {
      const rowAt = (table: FeatureTable, x: number, y: number) => {
        for (let row = 0; row < table.length; row++) {
          const [left, top] = [table.places[2 * row] as number, table.places[2 * row + 1] as number];
          if (Math.floor(left * 64) === x && Math.floor(top * 32) === y) return row;
        }
        throw new Error(`no row at ${x}, ${y}`);
      };
      const patch = patches.batch(Uint32Array.of(rowAt(patches, 21, 14)));
      expect(patch.shape).toEqual([1, 64 + 256, 3, 3]);
      for (const [down, across] of [
        [0, 0],
        [1, 1],
        [0, 2],
        [2, 1],
      ] as const) {
        const neighbor = single.batch(
          Uint32Array.of(rowAt(single, 21 + 4 * (across - 1), 14 + 4 * (down - 1))),
        );
        expect(patch.narrow(2, down, 1).narrow(3, across, 1)).toBeAllclose(neighbor);
      }
    });
  });

  test('views share the rows of an image', async () => {
    const views = featureViews({ scales: [0.5, 1], flip: true });
    using table = await openFeatureTable(
      tableOptions(await writeImages(1), { views, cacheFolder: await temporaryFolder(), memoryMiB: 1 }),
    );
    expect(table.length).toBe(4 * Math.floor(2 ** 20 / (4 * (2 * 960 + 21))));
  });

  test('stays inside its memory, whatever the number of images', async () => {
    const dataset = memoryDataset(200, { width: 40, height: 40 });
    const { notices, ...options } = tableOptions(dataset, { diskMiB: 0, memoryMiB: 2 });
    using table = await openFeatureTable(options);
    expect(table.length * (2 * table.channels + 21)).toBeLessThanOrEqual(2 * 2 ** 20);
    expect(table.length).toBe(200 * 5);
    expect(notices[0]).toMatch(
      /^keeps at most 5 labeled pixels of each image: the features of all 200 images would take/,
    );
    expect(new Set(table.imageIndices).size).toBe(200);
  });

  test('bfloat16 is the float32 rounded, and stock kernels give the same rows', async () => {
    using table = await openFeatureTable(tableOptions(await writeImages(1), { diskMiB: 0, memoryMiB: 1 }));
    const rows = Uint32Array.of(7, 3, 500, 3);
    tidy(() => {
      const wide = table.batch(rows);
      expect(table.batch(rows, { dtype: 'bfloat16' })).toBeAllclose(wide.to({ dtype: 'bfloat16' }));
      expect(withKernels('stock', () => table.batch(rows))).toBeAllclose(wide);
    });
  });

  test('is a function of the seed', async () => {
    const dataset = await writeImages(2);
    const cacheFolder = await temporaryFolder();
    const options = tableOptions(dataset, { cacheFolder, memoryMiB: 1 });
    const first = await opened(options);
    expect(await opened(options)).toEqual(first);
    expect(await opened({ ...options, diskMiB: 0 })).not.toEqual([]);
    expect(await opened({ ...options, seed: 6 })).not.toEqual(first);
  });
});

describe('replace', () => {
  test.each([16, 0])('gives the table of the new labels, with %i MiB on disk', async (diskMiB) => {
    const cacheFolder = await temporaryFolder();
    const options = tableOptions(await writeImages(3), { cacheFolder, memoryMiB: 1, diskMiB });
    using table = await openFeatureTable(options);
    const before = rowsOf(table);
    const clicks = new Uint8Array(width * height).fill(255);
    clicks[5 * width + 8] = 2;
    clicks[30 * width + 60] = 1;
    await table.replace(1, { width, height, labels: clicks });
    const rows = rowsOf(table);
    expect(rows.filter((row) => row.startsWith('1 ')).map((row) => row.split(' ').slice(0, 2))).toEqual([
      ['1', '2'],
      ['1', '1'],
    ]);
    expect(rows.filter((row) => !row.startsWith('1 '))).toEqual(
      before.filter((row) => !row.startsWith('1 ')),
    );
    await table.replace(1, { width, height, labels: labelBytes(1) });
    expect(rowsOf(table)).toEqual(before);
  });

  test('refuses labels of another size and images that are not there', async () => {
    using table = await openFeatureTable(tableOptions(await writeImages(1), { diskMiB: 0 }));
    const labels = new Uint8Array(width * height);
    await expect(table.replace(1, { width, height, labels })).rejects.toThrow(
      /expected an image from 0 to 0/,
    );
    await expect(table.replace(0, { width: height, height: width, labels })).rejects.toThrow(
      /image has 70×45 pixels, its labels have 45×70/,
    );
    expect(table.length).toBe(60 * 45);
  });
});

test('an image without labels is refused by name', async () => {
  const dataset = memoryDataset(2, { width: 32, height: 32 });
  const unlabeled = {
    ...dataset,
    read: async (index: number) => ({ ...(await dataset.read(index)), labels: null }),
  };
  await expect(openFeatureTable(tableOptions(unlabeled, { diskMiB: 0 }))).rejects.toThrow(
    /image 0: has no labels/,
  );
});

test('a damaged image is refused by its file', async () => {
  const { root, ...section } = await writeImages(2);
  const { writeFile } = await import('node:fs/promises');
  await writeFile(join(root as string, 'images/train/001.png'), new Uint8Array(90));
  const options = tableOptions({ ...section, root } as FeatureTableOptions['dataset'], {
    diskMiB: 0,
    backbone: smallBackbone(),
  });
  await expect(openFeatureTable(options)).rejects.toThrow(/001\.png/);
});

test('labels that move are chosen at other places of the same image, alike in every opening', async () => {
  const dataset = await writeImages(3);
  const cacheFolder = join(dataset.root, 'cache');
  const backbone = smallBackbone();
  const deformation = { amplitude: 6, scale: 12, probability: 1 };
  const moving = (given: Partial<FeatureTableOptions>) =>
    opened(tableOptions(dataset, { backbone, cacheFolder, ...given }));
  const plain = await moving({});
  const moved = await moving({ deformation });
  expect(moved).not.toEqual(plain);
  expect(await moving({ deformation })).toEqual(moved);
  expect(await moving({ deformation, diskMiB: 0 })).toEqual(moved);
  // What was kept of moved labels is not taken for the labels as they are.
  expect(await moving({})).toEqual(plain);
  expect(await moving({ deformation: null })).toEqual(plain);
  expect(await moving({ deformation: { ...deformation, probability: 0 } })).toEqual(plain);
  const placesByLabel = (rows: string[]) => rows.map((row) => row.split(' ').slice(0, 3).join(' '));
  const before = new Set(placesByLabel(plain));
  const kept = placesByLabel(moved).filter((row) => before.has(row)).length;
  // Stripes of 13 pixels keep their middle, and change near their borders.
  expect(kept / moved.length).toBeGreaterThan(0.3);
  expect(kept / moved.length).toBeLessThan(0.98);
});
