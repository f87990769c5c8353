/** Tests the compact table of files, and listings that are kept while no folder has changed. */

import { readdir, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openDataset } from 'coarsely/data';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { listingCacheFolder } from '#data/files/listing-cache.js';
import { checkedLength, grayLabels, put, smallDataset, temporaryFolder } from './dataset-folder.js';

beforeEach(async () => {
  vi.stubEnv('XDG_CACHE_HOME', await temporaryFolder());
  vi.stubEnv('COARSELY_KEEP_LISTINGS_FROM', '1');
});

afterEach(() => vi.unstubAllEnvs());

const folders = ['images/train', 'labels/train'];

/** Sets the times of the dataset's folders back, so that they count as settled. */
async function settle(root: string, secondsAgo = 60): Promise<void> {
  const time = Date.now() / 1000 - secondsAgo;
  for (const folder of folders) await utimes(join(root, folder), time, time);
}

const kept = () => readdir(listingCacheFolder()).catch(() => []);
const namesOf = async (root: string): Promise<string[]> => {
  const dataset = await openDataset({ kind: 'folder', root });
  return Array.from({ length: dataset.length }, (_, index) => dataset.name(index));
};

describe('a listing that is kept', () => {
  it('gives the same dataset, here and in another thread', async () => {
    const root = await smallDataset(3);
    await settle(root);
    const first = await openDataset({ kind: 'folder', root });
    expect(await kept()).toHaveLength(1);
    const again = await openDataset({ kind: 'folder', root });
    const elsewhere = await openDataset({ kind: 'folder', root }, { files: structuredClone(first.files) });
    for (const dataset of [again, elsewhere]) {
      expect(dataset.length).toBe(3);
      for (const index of [0, 1, 2]) expect(await dataset.read(index)).toEqual(await first.read(index));
      expect(() => dataset.name(3)).toThrow('sample 3 of a dataset with 3');
    }
    expect(first.files?.names.buffer).toBeInstanceOf(SharedArrayBuffer);
  });

  it('is used without listing, and so without looking at files again', async () => {
    const root = await smallDataset(3);
    await settle(root);
    expect(await checkedLength({ kind: 'folder', root })).toBe(3);
    // A file that changes in place leaves the time of its folder alone, so only the deep check finds it.
    await put(join(root, 'labels/train/sample-1.png'), grayLabels(3, [0, 1, 2]));
    expect(await checkedLength({ kind: 'folder', root })).toBe(3);
    await expect(checkedLength({ kind: 'folder', root }, { deep: true })).rejects.toThrow('sample-1.png');
    const dataset = await openDataset({ kind: 'folder', root });
    await expect(dataset.read(1)).rejects.toThrow('labels are 3×1, but the image is 12×8');
  });

  it.each([
    ['removed', (root: string) => both(root, (path) => rm(path)), ['sample-0', 'sample-2']],
    [
      'renamed',
      (root: string) => both(root, (path) => rename(path, path.replace('sample-1', 'zebra'))),
      ['sample-0', 'sample-2', 'zebra'],
    ],
  ])('is out of date once a file is %s', async (_, change, expected) => {
    const root = await smallDataset(3);
    await settle(root);
    expect(await namesOf(root)).toEqual(['sample-0', 'sample-1', 'sample-2']);
    await change(root);
    expect(await namesOf(root)).toEqual(expected);
    await settle(root, 30);
    expect(await namesOf(root)).toEqual(expected);
  });

  it('is out of date once a file that broke off is fetched again into its place', async () => {
    const root = await temporaryFolder();
    const image = grayLabels(4, [1, 2, 3, 4]);
    const fileOf = (name: string) => join(root, `leftImg8bit/train/ulm/ulm_${name}_leftImg8bit.png`);
    const listed = ['leftImg8bit/train', 'leftImg8bit/train/ulm', 'gtFine/train', 'gtFine/train/ulm'];
    for (const name of ['000000_000019', '000001_000019']) {
      await put(fileOf(name), image);
      await put(join(root, `gtFine/train/ulm/ulm_${name}_gtFine_labelIds.png`), grayLabels(4, [7, 7, 7, 7]));
    }
    const broken = fileOf('000001_000019');
    await writeFile(broken, image.subarray(0, image.length - 9));
    const time = Date.now() / 1000 - 60;
    for (const path of [...listed.map((folder) => join(root, folder)), broken])
      await utimes(path, time, time);
    const open = () => openDataset({ kind: 'cityscapes', root, split: 'train', badFiles: 'skip' });
    expect((await open()).skipped).toEqual([`${broken}: breaks off before its end; fetch it again`]);
    expect(await kept()).toHaveLength(1);
    expect((await open()).length).toBe(1);
    await writeFile(broken, image);
    expect(await open()).toMatchObject({ length: 2, skipped: [] });
  });

  it('is not kept while its folders are still changing, nor when anything is wrong', async () => {
    const root = await smallDataset(2);
    await namesOf(root);
    expect(await kept()).toEqual([]);
    await rm(join(root, 'labels/train/sample-1.png'));
    await settle(root);
    await expect(checkedLength({ kind: 'folder', root })).rejects.toThrow('no labels');
    expect(await kept()).toEqual([]);
  });

  it('is not relied on when damaged, and not needed where nothing can be written', async () => {
    const root = await smallDataset(2);
    await settle(root);
    await namesOf(root);
    const [file = ''] = await kept();
    await writeFile(join(listingCacheFolder(), file), 'no listing');
    expect(await namesOf(root)).toEqual(['sample-0', 'sample-1']);
    const occupied = join(await temporaryFolder(), 'file');
    await writeFile(occupied, '');
    vi.stubEnv('XDG_CACHE_HOME', occupied);
    expect(await namesOf(root)).toEqual(['sample-0', 'sample-1']);
  });

  it('is of large datasets only', async () => {
    vi.stubEnv('COARSELY_KEEP_LISTINGS_FROM', undefined);
    const root = await smallDataset(2);
    await settle(root);
    await namesOf(root);
    expect(await kept()).toEqual([]);
  });
});

async function both(root: string, change: (path: string) => Promise<void>): Promise<void> {
  for (const folder of folders) await change(join(root, folder, 'sample-1.png'));
}

describe('the check before a run', () => {
  it('takes the size of a turned PNG as it is shown', async () => {
    const root = await smallDataset(1);
    const path = join(root, 'images/train/sample-0.png');
    const turned = await sharp(new Uint8Array(8 * 12 * 3), { raw: { width: 8, height: 12, channels: 3 } })
      .withMetadata({ orientation: 6 })
      .png()
      .toBuffer();
    await put(path, turned);
    // Stored as 8×12, and shown as 12×8 like the labels.
    expect(await checkedLength({ kind: 'folder', root })).toBe(1);
    const dataset = await openDataset({ kind: 'folder', root });
    expect(await dataset.open?.(0)).toMatchObject({ width: 12, height: 8 });
  });
});
