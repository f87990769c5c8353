/** Tests the origins of samples: which part of which image every sample of a batch shows. */

import {
  type Augmentation,
  augmentationOptions,
  BatchLoader,
  type BatchOrigin,
  type SegmentationDataset,
} from 'coarsely/data';
import { expect, test } from 'vitest';
import { smallDataset } from './dataset-folder.js';

const size = { width: 60, height: 44 };

/** Returns a dataset of images whose labels are their own column or row. */
function positions(of: 'column' | 'row'): SegmentationDataset {
  const labels = Uint8Array.from({ length: size.width * size.height }, (_, at) =>
    of === 'column' ? at % size.width : Math.floor(at / size.width),
  );
  const image = new Uint8Array(3 * labels.length);
  return {
    classes: [{ name: 'only', color: [1, 2, 3] }],
    length: 7,
    name: String,
    read: async (index) => ({ name: String(index), ...size, image, labels }),
  };
}

const augmentationOf = (options: Partial<Augmentation>): Augmentation =>
  augmentationOptions.parse({ categoryMaxRatio: 1, ...options });

/** Returns every labeled pixel of some batches with the place in its image, in pixels, that its origin gives. */
async function locate(of: 'column' | 'row', augmentation: Augmentation) {
  const loader = new BatchLoader({ dataset: positions(of), augmentation, batchSize: 3, seed: 5, workers: 0 });
  const [height, width] = augmentation.cropSize;
  const found: { readonly label: number; readonly said: number }[] = [];
  const origins: BatchOrigin[] = [];
  for (let step = 0; step < 12; step++) {
    const batch = await loader.next(step);
    for (const [sample, origin] of batch.origins.entries()) {
      origins.push(origin);
      expect(batch.names[sample]).toBe(String(origin.index));
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          const across = (origin.mirrored ? width - x - 0.5 : x + 0.5) / width;
          const fraction =
            of === 'column'
              ? origin.left + across * (origin.right - origin.left)
              : origin.top + ((y + 0.5) / height) * (origin.bottom - origin.top);
          const label = batch.labels[(sample * height + y) * width + x] ?? 0;
          found.push({ label, said: fraction * (of === 'column' ? size.width : size.height) });
        }
      }
    }
    batch.release();
  }
  await loader.close();
  return { found, origins };
}

test.each([
  ['enlarged', { ratioRange: [1.5, 2.5], cropSize: [32, 40] }],
  ['as it is', { ratioRange: [1, 1], cropSize: [32, 40] }],
  ['reduced, so that crops are padded', { ratioRange: [0.4, 0.8], cropSize: [40, 64] }],
] as const)('pixels lie where their origin says, %s', async (_, options) => {
  const augmentation = augmentationOf({
    ratioRange: [...options.ratioRange],
    cropSize: [...options.cropSize],
  });
  for (const of of ['column', 'row'] as const) {
    const { found, origins } = await locate(of, augmentation);
    const labeled = found.filter(({ label }) => label !== 255);
    expect(labeled.length).toBeGreaterThan(1000);
    // A label is the pixel at the floor of a corner's place: up to a pixel and half a step before the center's.
    const step = Math.max(1, 1 / options.ratioRange[0]);
    const misplaced = ({ label, said }: (typeof labeled)[number]) =>
      said - label < -0.2 || said - label > 1.2 + step / 2;
    expect(labeled.filter(misplaced)).toEqual([]);
    expect(new Set(origins.map(({ mirrored }) => mirrored)).size).toBe(2);
    expect(new Set(origins.map(({ index }) => index)).size).toBe(7);
  }
});

const expectClose = (value: number) => expect.closeTo(value, 9);

test('what lies outside the image is padding, and nothing else is', async () => {
  const augmentation = augmentationOf({ ratioRange: [0.5, 0.5], cropSize: [40, 64] });
  const { found, origins } = await locate('column', augmentation);
  const outside = found.filter(({ said }) => said < 0 || said > size.width);
  expect(outside.length).toBeGreaterThan(1000);
  expect(new Set(outside.map(({ label }) => label))).toEqual(new Set([255]));
  for (const { left, top, right, bottom, mirrored } of origins) {
    expect([top, bottom]).toEqual([0, 40 / 22]);
    expect(mirrored ? [left, right] : [1 - right, 1 - left]).toEqual([1 - 64 / 30, 1].map(expectClose));
  }
});

test('workers say the same', async () => {
  const root = await smallDataset(5);
  const augmentation = augmentationOf({ cropSize: [6, 10] });
  const read = async (workers: number) => {
    const dataset = { kind: 'folder', root };
    const loader = new BatchLoader({ dataset, augmentation, batchSize: 3, seed: 11, workers });
    const origins = [];
    for (let step = 0; step < 4; step++) origins.push((await loader.next(step)).origins);
    await loader.close();
    return origins;
  };
  const inline = await read(0);
  expect(new Set(inline.flat().map(({ left }) => left)).size).toBeGreaterThan(3);
  expect(await read(2)).toEqual(inline);
});

test('a count takes samples spread over the dataset, and no more than there are', async () => {
  const augmentation = augmentationOf({ cropSize: [32, 40] });
  const load = (count: number) =>
    new BatchLoader({ dataset: positions('row'), augmentation, batchSize: 3, seed: 1, workers: 0, count });
  const loader = load(3);
  for (let step = 0; step < 3; step++)
    expect((await loader.next(step)).origins.map(({ index }) => index).sort()).toEqual([0, 2, 4]);
  await loader.close();
  const greedy = load(8);
  await expect(greedy.next(0)).rejects.toThrow(
    'expected a count of at most 7, as many as the dataset has, received 8',
  );
  await greedy.close();
});
