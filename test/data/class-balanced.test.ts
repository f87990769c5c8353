/** Tests class-balanced sampling: where classes are found, which samples are drawn, and that crops show them. */

import { mkdtempSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  augmentationOptions,
  type Batch,
  BatchLoader,
  type BatchLoaderOptions,
  openDataset,
} from 'coarsely/data';
import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import { findKept, keepFinding } from '#data/files/label-findings.js';
import { type ClassCentroids, gatherCentroids, mapCentroids } from '#data/loader/centroids.js';
import { ClassBalancedSampler } from '#data/loader/class-balanced-sampler.js';
import { grayLabels, png, put, temporaryFolder } from './dataset-folder.js';

const open: BatchLoader[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((loader) => loader.close()));
});

describe('centers of classes', () => {
  test('are means of pixel centers in each tile, as fractions of the image', () => {
    // Two tiles of 2 × 2 beside one of 1 × 2; 255 and 9 are no classes.
    const labels = Uint8Array.of(...[0, 1, 1, 0, 255], ...[0, 1, 9, 1, 0]);
    const found = mapCentroids(labels, {
      size: { width: 5, height: 2 },
      tile: { width: 2, height: 2 },
      classCount: 3,
    });
    const expected = [
      ...[0, 0.5 / 5, 1 / 2],
      ...[1, 1.5 / 5, 1 / 2],
      ...[0, 3.5 / 5, 0.5 / 2],
      ...[1, (2.5 + 3.5) / 2 / 5, 1 / 2],
      ...[0, 4.5 / 5, 1.5 / 2],
    ];
    expect(found).toEqual(Float32Array.from(expected));
  });

  test('agree with a plain search', () => {
    const [width, height, tile, classCount] = [23, 17, 8, 4];
    const labels = Uint8Array.from({ length: width * height }, (_, at) => (at * at + (at >> 3)) % 5);
    const expected: number[] = [];
    for (let top = 0; top < height; top += tile) {
      for (let left = 0; left < width; left += tile) {
        for (let label = 0; label < classCount; label++) {
          const pixels = Array.from(labels.entries())
            .map(([at, value]) => ({ x: at % width, y: Math.floor(at / width), value }))
            .filter(
              ({ x, y, value }) =>
                value === label && x >= left && x < left + tile && y >= top && y < top + tile,
            );
          if (pixels.length === 0) continue;
          const mean = (values: number[]) =>
            values.reduce((sum, value) => sum + value + 0.5, 0) / values.length;
          expected.push(
            label,
            mean(pixels.map(({ x }) => x)) / width,
            mean(pixels.map(({ y }) => y)) / height,
          );
        }
      }
    }
    const size = { width, height };
    const found = mapCentroids(labels, { size, tile: { width: tile, height: tile }, classCount });
    expect(found).toHaveLength(expected.length);
    for (const [place, value] of found.entries()) expect(value).toBeCloseTo(expected[place] ?? Number.NaN, 6);
  });

  test('are gathered by class, in the order of the samples', () => {
    const maps = [Float32Array.of(1, 0.5, 0.25), Float32Array.of(0, 0.125, 0.75, 1, 0.5, 0.5)];
    expect(gatherCentroids(maps, { classCount: 3 })).toEqual([
      { samples: Uint32Array.of(1), places: Float32Array.of(0.125, 0.75) },
      { samples: Uint32Array.of(0, 1), places: Float32Array.of(0.5, 0.25, 0.5, 0.5) },
      { samples: new Uint32Array(0), places: new Float32Array(0) },
    ]);
  });

  test('are kept until a file changes', async () => {
    const cache = mkdtempSync(join(tmpdir(), 'coarsely-cache-'));
    const before = process.env.XDG_CACHE_HOME;
    process.env.XDG_CACHE_HOME = cache;
    onTestFinished(() => {
      rmSync(cache, { recursive: true, force: true });
      if (before === undefined) delete process.env.XDG_CACHE_HOME;
      else process.env.XDG_CACHE_HOME = before;
    });
    const names = ['a', 'b'];
    const key = { kind: 'centers', format: 1, stamps: ['1@2 3@4', '5@6 7@8'], names, settings: { tile: 3 } };
    const classes = [{ samples: Uint32Array.of(0, 1), places: Float32Array.of(0.1, 0.2, 0.3, 0.4) }];
    expect(await findKept(key)).toBeNull();
    keepFinding(key, classes);
    expect(await findKept(key)).toEqual(classes);
    expect(await findKept({ ...key, stamps: ['1@2 3@4', '5@6 7@9'] })).toBeNull();
    expect(await findKept({ ...key, names: ['a', 'c'] })).toBeNull();
    expect(await findKept({ ...key, kind: 'others' })).toBeNull();
    expect(await findKept({ ...key, format: 2 })).toBeNull();
    expect(await findKept({ ...key, settings: { tile: 4 } })).toBeNull();
  });
});

describe('the sampler', () => {
  /** Ten images; class 0 in all, class 1 in three, class 2 in one, class 3 nowhere. */
  const samplesOf = [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [2, 5, 7], [4], []];
  const centroids: ClassCentroids[] = samplesOf.map((samples, label) => ({
    samples: Uint32Array.from(samples),
    places: Float32Array.from(samples.flatMap((sample) => [sample / 16, label / 4])),
  }));
  const samplerOf = (seed: number) => new ClassBalancedSampler({ length: 10, batchSize: 4, seed, centroids });
  const labelOf = ({ y }: { readonly y: number }) => 4 * y;

  test('draws half of each pass by class, each class and each of its centers equally often', () => {
    const sampler = samplerOf(3);
    // 60 passes: 300 draws by class are 100 of each of three.
    const drawn = Array.from({ length: 150 }, (_, step) => sampler.batch(step)).flat();
    for (let pass = 0; pass < 60; pass++) {
      const own = drawn.slice(10 * pass, 10 * pass + 10);
      expect(own.every(({ epoch }) => epoch === pass)).toBe(true);
      expect(own.filter(({ focus }) => focus)).toHaveLength(5);
      expect(own.map(({ place }) => place)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }
    const balanced = drawn.flatMap(({ index, focus }) =>
      focus ? [{ index, label: labelOf(focus), focus }] : [],
    );
    const countOf = (label: number) => balanced.filter((one) => one.label === label).length;
    expect([0, 1, 2, 3].map(countOf)).toEqual([100, 100, 100, 0]);
    for (const sample of samplesOf[0] ?? []) {
      expect(balanced.filter(({ index, label }) => label === 0 && index === sample)).toHaveLength(10);
    }
    const third = [2, 5, 7].map(
      (sample) => balanced.filter(({ index, label }) => label === 1 && index === sample).length,
    );
    expect(third.sort()).toEqual([33, 33, 34]);
    for (const { index, focus } of balanced) expect(focus.x).toBe(index / 16);
    // The other half passes over all images.
    const uniform = drawn.filter(({ focus }) => focus === undefined);
    for (const sample of samplesOf[0] ?? []) {
      expect(uniform.filter(({ index }) => index === sample)).toHaveLength(30);
    }
  });

  test('is a function of seed and step alone', () => {
    const forward = samplerOf(3);
    const all = Array.from({ length: 40 }, (_, step) => forward.batch(step));
    const backward = samplerOf(3);
    for (let step = 39; step >= 0; step--) expect(backward.batch(step)).toEqual(all[step]);
    expect(samplerOf(4).batch(0)).not.toEqual(all[0]);
    expect(new Set(all.map((batch) => JSON.stringify(batch))).size).toBe(40);
  });

  test('needs a class', () => {
    const none = [{ samples: new Uint32Array(0), places: new Float32Array(0) }];
    expect(() => new ClassBalancedSampler({ length: 3, batchSize: 2, seed: 0, centroids: none })).toThrow(
      'data.sampling: classBalanced needs labeled pixels',
    );
  });
});

/** Eight images of one class; the last has 3 × 3 pixels of another. */
async function rareDataset(): Promise<string> {
  const root = await temporaryFolder();
  await put(join(root, 'classes.json'), JSON.stringify({ classes: [{ name: 'road' }, { name: 'sign' }] }));
  const [width, height] = [64, 48];
  for (let index = 0; index < 8; index++) {
    const labels = new Uint8Array(width * height);
    if (index === 7)
      for (let at = 0; at < 9; at++) labels[(5 + Math.floor(at / 3)) * width + 50 + (at % 3)] = 1;
    const image = png({ width, height, channels: 3, bytes: (at) => (at * 7 + index) % 256 });
    await put(join(root, `images/train/${index}.png`), image);
    await put(join(root, `labels/train/${index}.png`), grayLabels(width, Array.from(labels)));
  }
  return root;
}

const augmentation = augmentationOptions.parse({ cropSize: [16, 16], ratioRange: [1, 1] });

function loaderOf(root: string, options: Partial<BatchLoaderOptions> = {}): BatchLoader {
  const dataset = { kind: 'folder', root };
  const loader = new BatchLoader({
    ...{ dataset, augmentation, batchSize: 4, seed: 5, workers: 0, sampling: 'classBalanced' as const },
    ...options,
  });
  open.push(loader);
  return loader;
}

const contentOf = ({ images, labels, names, origins, classPixels }: Batch) => ({
  ...{ names, origins, classPixels },
  images: Array.from(images),
  labels: Array.from(labels),
});

async function contents(loader: BatchLoader, steps: readonly number[]) {
  const all = [];
  for (const step of steps) {
    const batch = await loader.next(step);
    all.push(contentOf(batch));
    batch.release();
  }
  return all;
}

const manySteps = Array.from({ length: 20 }, (_, step) => step);

describe('batches', () => {
  test('show a rare class in a quarter of the crops, instead of in hardly any', async () => {
    const root = await rareDataset();
    const seen = async (sampling: 'uniform' | 'classBalanced') => {
      const batches = await contents(loaderOf(root, { sampling }), manySteps);
      return batches
        .flatMap(({ labels }) => [0, 1, 2, 3].map((n) => labels.slice(256 * n, 256 * n + 256)))
        .filter((crop) => crop.includes(1)).length;
    };
    // 80 crops: 40 by class, half of them for the rare one. One image in eight has it, in about an eighth of its crops.
    expect(await seen('classBalanced')).toBeGreaterThanOrEqual(20);
    expect(await seen('uniform')).toBeLessThanOrEqual(8);
  });

  test('count the pixels that they show, by class', async () => {
    const [batch] = await contents(loaderOf(await rareDataset()), [0]);
    for (const [place, pixels] of (batch?.classPixels ?? []).entries()) {
      const crop = batch?.labels.slice(256 * place, 256 * place + 256) ?? [];
      for (const label of [0, 1, 255])
        expect(pixels[label]).toBe(crop.filter((value) => value === label).length);
    }
    expect(batch?.classPixels).toHaveLength(4);
  });

  test('do not depend on workers, and processes divide them without overlap', async () => {
    const root = await rareDataset();
    const whole = await contents(loaderOf(root), manySteps);
    expect(await contents(loaderOf(root, { workers: 2 }), manySteps)).toEqual(whole);
    const parts = await Promise.all(
      [0, 1].map((rank) =>
        contents(loaderOf(root, { workers: 1, share: { rank, worldSize: 2 } }), manySteps),
      ),
    );
    for (const [step, { names, labels, origins }] of whole.entries()) {
      const of = (rank: number) => parts[rank]?.[step] as (typeof whole)[0];
      expect([...of(0).names, ...of(1).names]).toEqual(names);
      expect([...of(0).origins, ...of(1).origins]).toEqual(origins);
      expect([...of(0).labels, ...of(1).labels]).toEqual(labels);
    }
    // From any step on, as after a resume.
    expect(await contents(loaderOf(root), [13, 14])).toEqual(whole.slice(13, 15));
  });

  test('of a changed label file are found anew, and the classes are told once', async () => {
    const root = await rareDataset();
    utimesSync(join(root, 'labels/train/0.png'), new Date(1e12), new Date(1e12));
    const notices: string[] = [];
    await contents(loaderOf(root, { onNotice: (notice) => notices.push(notice) }), [0, 1]);
    expect(notices).toEqual([
      // Tiles of 16 × 16: 4 by 3 in each of 8 images, of which one has the rare class in one tile (rows 5 to 7, columns 50 to 52).
      'class-balanced sampling: half of the crops are drawn around the centers of classes, each class equally often; ' +
        'centers found: sign 1, road 96',
    ]);
  });

  test('work on an open dataset that has no files', async () => {
    const files = await openDataset({ kind: 'folder', root: await rareDataset() });
    const dataset = {
      classes: files.classes,
      length: 8,
      name: (i: number) => files.name(i),
      read: (i: number) => files.read(i),
    };
    const [batch] = await contents(loaderOf('', { dataset }), [0]);
    expect(batch?.names).toHaveLength(4);
  });
});
