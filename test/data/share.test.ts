/** Tests batches that are divided among processes: together they equal the batch of one process, bit for bit. */

import { augmentationOptions, type Batch, BatchLoader } from 'coarsely/data';
import { describe, expect, it } from 'vitest';
import { placesOf } from '#data/loader/share.js';
import { smallDataset } from './dataset-folder.js';

const augmentation = augmentationOptions.parse({ cropSize: [6, 10] });

type Content = Pick<Batch, 'step' | 'names' | 'origins'> & { images: number[]; labels: number[] };

/** Returns everything that a process loads of these steps. */
async function loaded(
  root: string,
  options: { readonly rank: number; readonly worldSize: number; readonly count?: number },
): Promise<Content[]> {
  const { rank, worldSize, count = null } = options;
  const dataset = { kind: 'folder', root };
  const share = { rank, worldSize };
  const loader = new BatchLoader({ dataset, augmentation, batchSize: 4, seed: 11, workers: 0, count, share });
  const contents: Content[] = [];
  // With five samples, steps end within an epoch, at its end and across it.
  for (let step = 0; step < 8; step++) {
    const { names, origins, images, labels, release } = await loader.next(step);
    contents.push({ step, names, origins, images: [...images], labels: [...labels] });
    release();
  }
  await loader.close();
  return contents;
}

describe('a batch divided among processes', () => {
  it.each([1, 2, 4])('is the batch of one process, for %i of them', async (worldSize) => {
    const root = await smallDataset(5);
    for (const count of [5, 3]) {
      const alone = await loaded(root, { rank: 0, worldSize: 1, count });
      const parts: Content[][] = [];
      for (let rank = 0; rank < worldSize; rank++) parts.push(await loaded(root, { rank, worldSize, count }));
      const joined = alone.map(({ step }) => ({
        step,
        names: parts.flatMap((part) => part[step]?.names ?? []),
        origins: parts.flatMap((part) => part[step]?.origins ?? []),
        images: parts.flatMap((part) => part[step]?.images ?? []),
        labels: parts.flatMap((part) => part[step]?.labels ?? []),
      }));
      expect(joined).toEqual(alone);
      for (const part of parts) expect(part[0]?.labels.length).toBe((4 / worldSize) * 60);
    }
  });

  it('shows each sample once in a pass over the dataset', async () => {
    const root = await smallDataset(8);
    const parts = [
      await loaded(root, { rank: 0, worldSize: 2 }),
      await loaded(root, { rank: 1, worldSize: 2 }),
    ];
    const seen = parts.flatMap((part) => part.slice(0, 2).flatMap(({ names }) => names));
    expect(new Set(seen).size).toBe(8);
    expect(seen.length).toBe(8);
  });
});

describe('placesOf', () => {
  it('cuts a batch into equal parts', () => {
    expect(placesOf(6, { rank: 2, worldSize: 3 })).toEqual({ first: 4, count: 2 });
    expect(placesOf(6, { rank: 0, worldSize: 1 })).toEqual({ first: 0, count: 6 });
  });

  it('refuses what cannot be divided, and ranks that are not there', () => {
    expect(() => placesOf(6, { rank: 0, worldSize: 4 })).toThrow(
      'training.batchSize: expected a multiple of 4, the number of processes that divide a batch, received 6',
    );
    for (const rank of [-1, 2, 0.5]) {
      expect(() => placesOf(6, { rank, worldSize: 2 })).toThrow('expected a rank from 0 to 1 of 2');
    }
  });
});
