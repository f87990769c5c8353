/** Checks when kept features are used again, that they are the same, and what happens to damaged and superfluous ones. */

import {
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type FeatureTableOptions, openFeatureTable } from 'coarsely/quick';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { featureCacheFolder, measureFeatureCache } from '#quick/cache-folder.js';
import { patchFileSystem, systemError } from '../support/broken-file-system.js';
import {
  disposeBackbones,
  memoryDataset,
  smallBackbone,
  tableOptions,
  temporaryFolder,
  writeImage,
  writeImages,
} from './table-fixture.js';

afterEach(disposeBackbones);

let cacheFolder: string;
beforeEach(async () => {
  cacheFolder = await temporaryFolder();
});

/** Opens a table and returns the bytes of all its rows, and how often the network ran. */
async function opened(
  options: FeatureTableOptions,
): Promise<{ readonly rows: string; readonly computed: number }> {
  let computed = 0;
  using table = await openFeatureTable({
    cacheFolder,
    ...options,
    onProgress: (progress) => {
      computed = progress.computed;
    },
  });
  const batch = table.batch(Uint32Array.from({ length: table.length }, (_, row) => row));
  const bytes = Buffer.from(batch.toBytes());
  batch.dispose();
  const rows = [bytes, table.labels, table.imageIndices, new Uint8Array(table.places.slice().buffer)];
  return { rows: rows.map((part) => Buffer.from(part).toString('base64')).join(), computed };
}

/** The files of kept features, without the one of the hashes. */
function entries(): string[] {
  return readdirSync(cacheFolder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.safetensors'))
    .sort()
    .map((name) => join(cacheFolder, name));
}

describe.each([
  ['maps', 64],
  // The maps of eight images take 0.43 MiB.
  ['rows', 0.4],
] as const)('kept %s', (kept, diskMiB) => {
  const sized = { memoryMiB: kept === 'rows' ? 0.15 : 1, diskMiB };
  const withSmallMaps = (dataset: FeatureTableOptions['dataset'], given: Partial<FeatureTableOptions> = {}) =>
    tableOptions(dataset, { ...sized, ...given });

  test('are used again, bit by bit', async () => {
    const options = withSmallMaps(await writeImages(8));
    const first = await opened(options);
    expect(first.computed).toBe(8);
    expect(entries()).toHaveLength(8);
    expect(kept === 'rows').toBe(options.notices.some((notice) => notice.includes('would take')));
    expect(await opened(options)).toEqual({ ...first, computed: 0 });
    expect(await opened({ ...options, diskMiB: 0, cacheFolder: await temporaryFolder() })).toMatchObject({
      computed: 8,
    });
    expect(options.notices.filter((notice) => !notice.startsWith('keeps'))).toEqual([]);
  });

  test('are not those of an image that was replaced, whatever its time', async () => {
    const dataset = await writeImages(8);
    const options = withSmallMaps(dataset);
    const first = await opened(options);
    const path = join(dataset.root, 'images/train/002.png');
    const { atime, mtime } = statSync(path);
    await writeImage(dataset.root, 2, { content: 9 });
    utimesSync(path, atime, mtime);
    const second = await opened(options);
    expect(second.computed).toBe(1);
    expect(second.rows).not.toBe(first.rows);
    expect(await opened({ ...options, diskMiB: 0, cacheFolder: await temporaryFolder() })).toMatchObject({
      computed: 8,
    });
  });

  test('are those of the same weights, taps and view', async () => {
    const dataset = await writeImages(8);
    const options = withSmallMaps(dataset);
    await opened(options);
    expect((await opened({ ...options, backbone: smallBackbone(1) })).computed).toBe(8);
    expect((await opened({ ...options, taps: ['stage4', 'stage1'] })).computed).toBe(8);
    expect((await opened({ ...options, views: [{ scale: 1, mirrored: true }] })).computed).toBe(8);
    expect((await opened({ ...options, description: { dilations: [1, 2] } })).computed).toBe(8);
    const normalization = { mean: [0, 0, 0], std: [1, 1, 1] };
    expect((await opened({ ...options, normalization })).computed).toBe(8);
  });

  test('that are cut off or changed are made again', async () => {
    const options = withSmallMaps(await writeImages(8));
    const first = await opened(options);
    const [cut, changed] = entries() as [string, string];
    truncateSync(cut, 1000);
    const bytes = readFileSync(changed);
    bytes[bytes.length - 5] = (bytes.at(-5) as number) ^ 1;
    writeFileSync(changed, bytes);
    const second = await opened(options);
    expect(second).toEqual({ ...first, computed: 2 });
    const damaged = options.notices.filter((notice) => notice.includes('is damaged'));
    expect(damaged.sort()).toEqual(
      [cut, changed].map((path) => `${path}: is damaged; its features are computed again`),
    );
    expect(await opened(options)).toEqual({ ...first, computed: 0 });
  });

  test('on a full disk features are computed again, which is said once', async () => {
    const options = withSmallMaps(await writeImages(8));
    patchFileSystem('writeSync', () => () => {
      throw systemError('ENOSPC', 'write');
    });
    expect((await opened(options)).computed).toBe(8);
    expect((await opened(options)).computed).toBe(8);
    const full = options.notices.filter((notice) => notice.includes('the disk is full'));
    expect(full).toHaveLength(2);
    expect(full[0]).toMatch(/features are computed again in the next run$/);
    expect(
      readdirSync(cacheFolder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.tmp')),
    ).toEqual([]);
  });

  test('two at once make the same', async () => {
    const options = withSmallMaps(await writeImages(8));
    const [one, two] = await Promise.all([opened(options), opened(options)]);
    expect(one.rows).toBe(two.rows);
    expect(await opened(options)).toEqual({ rows: one.rows, computed: 0 });
  });
});

describe('rows that are kept', () => {
  test('are not those of other labels', async () => {
    const dataset = await writeImages(8);
    const options = tableOptions(dataset, { memoryMiB: 0.15, diskMiB: 0.4 });
    const first = await opened(options);
    await writeImage(dataset.root, 3, { content: 3 });
    expect(await opened(options)).toEqual({ ...first, computed: 0 });
    const labels = join(dataset.root, 'labels/train/003.png');
    writeFileSync(labels, readFileSync(join(dataset.root, 'labels/train/004.png')));
    expect((await opened(options)).computed).toBe(1);
    expect((await opened({ ...options, seed: 9 })).computed).toBe(8);
  });
});

describe('the budget on disk', () => {
  const small = { memoryMiB: 4, taps: ['stage1'] } as const;

  test('removes what was used longest ago of other datasets, and nothing of this one', async () => {
    // Maps of 128 KiB an image.
    const make = (mark: number) =>
      memoryDataset(4, { width: 256, height: 64, labelOf: (pixel) => (pixel + mark) % 3 });
    const named = (name: string, mark: number) => ({
      ...make(mark),
      name: (index: number) => `${name} ${index}`,
    });
    const backbone = smallBackbone();
    const run = (name: string, mark: number) =>
      opened(tableOptions(named(name, mark), { ...small, backbone, diskMiB: 1 }));
    const images = entries();
    expect(images).toEqual([]);
    await run('first', 0);
    const first = entries();
    expect(first).toHaveLength(4);
    const past = new Date(Date.now() - 3_600_000);
    for (const path of first.slice(1)) utimesSync(path, past, past);
    await run('second', 0);
    const both = entries();
    expect(both.filter((path) => !first.includes(path))).toHaveLength(4);
    // What was used last is removed last.
    const left = both.filter((path) => first.includes(path));
    expect(left).toContain(first[0]);
    expect(left.length).toBeLessThan(4);
    expect(measureFeatureCache(cacheFolder).bytes).toBeLessThanOrEqual(2 ** 20);
    expect((await run('second', 0)).computed).toBe(0);
  });

  test('a temporary file of a killed process is removed', async () => {
    const stale = join(cacheFolder, 'x.safetensors.1.tmp');
    writeFileSync(stale, 'half');
    const past = new Date(Date.now() - 2 * 3_600_000);
    utimesSync(stale, past, past);
    await opened(tableOptions(memoryDataset(1, { width: 32, height: 32 }), small));
    expect(existsSync(stale)).toBe(false);
  });

  test('what does not fit is said once', async () => {
    const dataset = memoryDataset(6, { width: 128, height: 64 });
    // The first images are small, by which the rest is planned to fit.
    const uneven = {
      ...dataset,
      read: async (index: number) =>
        index % 2 === 0
          ? memoryDataset(6, { width: 32, height: 32 }).read(index)
          : memoryDataset(6, { width: 320, height: 160 }).read(index),
    };
    const options = tableOptions(uneven, { ...small, diskMiB: 1 });
    expect((await opened(options)).computed).toBe(6);
    expect(options.notices.filter((notice) => notice.includes('quick.diskMiB'))).toHaveLength(1);
  });
});

test('the folder follows XDG_CACHE_HOME', () => {
  expect(featureCacheFolder({ XDG_CACHE_HOME: '/caches' })).toBe('/caches/coarsely/features');
  expect(featureCacheFolder({ XDG_CACHE_HOME: 'relative' })).toMatch(/\.cache\/coarsely\/features$/);
  expect(measureFeatureCache('/nowhere')).toEqual({ files: 0, bytes: 0 });
});
