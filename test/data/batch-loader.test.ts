/** Tests the loader: batches depend on seed and step alone, and every failure reaches the caller. */

import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import {
  augmentationOptions,
  type Batch,
  BatchLoader,
  type BatchLoaderOptions,
  openDataset,
} from 'coarsely/data';
import { afterEach, describe, expect, it } from 'vitest';
import { grayLabels, put, smallDataset, temporaryFolder } from './dataset-folder.js';

const augmentation = augmentationOptions.parse({ cropSize: [6, 10] });
const open: BatchLoader[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((loader) => loader.close()));
});

function loaderOf(root: string, options: Partial<BatchLoaderOptions> = {}): BatchLoader {
  const dataset = { kind: 'folder', root };
  const loader = new BatchLoader({ dataset, augmentation, batchSize: 3, seed: 11, ...options });
  open.push(loader);
  return loader;
}

const contentOf = ({ step, images, labels, names, origins }: Batch) => ({
  step,
  names,
  origins,
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

/**
 * Writes a module that registers a kind of dataset, whose samples are read by `read`, the body of a function of
 * `index`.
 */
async function moduleWithKind(kind: string, read: string): Promise<string> {
  const path = join(await temporaryFolder(), `${kind}.mjs`);
  const zod = JSON.stringify(import.meta.resolve('zod'));
  const data = JSON.stringify(import.meta.resolve('coarsely/data'));
  await writeFile(
    path,
    `import { z } from ${zod};
    import { datasets } from ${data};
    const classes = [{ name: 'a', color: [1, 2, 3] }];
    const pixels = { width: 1, height: 1, image: new Uint8Array(3), labels: new Uint8Array(1) };
    const read = async (index) => { ${read} };
    datasets.register({
      kind: '${kind}',
      options: z.strictObject({}),
      create: async () => ({ classes, length: 4, name: String, read }),
      check: async () => ({ length: 4, problems: [] }),
    });`,
  );
  return pathToFileURL(path).href;
}

describe('batches', () => {
  it('are the same for any number of workers', async () => {
    const root = await smallDataset(5);
    const steps = [0, 1, 2, 3, 4, 5];
    const inline = await contents(loaderOf(root, { workers: 0 }), steps);
    expect(await contents(loaderOf(root, { workers: 1 }), steps)).toEqual(inline);
    expect(await contents(loaderOf(root, { workers: 2 }), steps)).toEqual(inline);
    // Neither the cache nor the number of batches made ahead changes anything.
    expect(await contents(loaderOf(root, { workers: 2, cacheMiB: 0, prefetch: 5 }), steps)).toEqual(inline);
    expect(await contents(loaderOf(root, { workers: 2, seed: 12 }), steps)).not.toEqual(inline);
  });

  it('have the shapes and names of their samples', async () => {
    const batch = await loaderOf(await smallDataset(4)).next(0);
    expect([batch.images.length, batch.labels.length, batch.height, batch.width]).toEqual([
      3 * 3 * 60,
      180,
      6,
      10,
    ]);
    expect(batch.images.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(batch.labels.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(new Set(batch.names).size).toBe(3);
    for (const name of batch.names) expect(name).toMatch(/^sample-[0-3]$/);
    expect(new Set(batch.labels).size).toBeGreaterThan(1);
  });

  it('resume at any step, and may be asked for in any order', async () => {
    const root = await smallDataset(4);
    const unbroken = await contents(loaderOf(root), [0, 1, 2, 3, 4, 5, 6, 7]);
    expect(await contents(loaderOf(root), [5, 6, 7])).toEqual(unbroken.slice(5));
    const jumping = loaderOf(root);
    expect(await contents(jumping, [6, 2, 3])).toEqual([unbroken[6], unbroken[2], unbroken[3]]);
  });

  it('keep their memory until it is released, then give it to a later one', async () => {
    const loader = loaderOf(await smallDataset(4), { workers: 1, prefetch: 1 });
    const first = await loader.next(0);
    const before = contentOf(first);
    const held = [await loader.next(1), await loader.next(2), await loader.next(3)];
    expect(contentOf(first)).toEqual(before);
    expect(new Set([first, ...held].map(({ images }) => images.buffer)).size).toBe(4);
    const buffers = new Set<unknown>();
    for (const batch of [first, ...held]) batch.release();
    for (let step = 4; step < 20; step++) {
      const batch = await loader.next(step);
      buffers.add(batch.images.buffer);
      batch.release();
      // A second release must not hand the same memory out twice.
      batch.release();
    }
    expect(buffers.size).toBeLessThanOrEqual(5);
  });

  it('come from an open dataset without workers, and not with them', async () => {
    const root = await smallDataset(3);
    const dataset = await openDataset({ kind: 'folder', root });
    const fromOpen = await contents(loaderOf(root, { dataset, workers: 0 }), [0, 1]);
    expect(fromOpen).toEqual(await contents(loaderOf(root, { workers: 0 }), [0, 1]));
    expect(() => loaderOf(root, { dataset, workers: 1 })).toThrow('pass its description or workers: 0');
  });

  it('load inside a worker thread too', async () => {
    const root = await smallDataset(4);
    const path = join(await temporaryFolder(), 'trainer.mjs');
    await writeFile(
      path,
      `import { parentPort } from 'node:worker_threads';
      import { BatchLoader } from ${JSON.stringify(import.meta.resolve('coarsely/data'))};
      const loader = new BatchLoader(${JSON.stringify({
        dataset: { kind: 'folder', root },
        augmentation,
        batchSize: 3,
        seed: 11,
      })});
      const batch = await loader.next(3);
      parentPort.postMessage({ images: Array.from(batch.images), labels: Array.from(batch.labels) });
      await loader.close();`,
    );
    const trainer = new Worker(path);
    const exit = new Promise((resolve) => trainer.once('exit', resolve));
    const received = await new Promise((resolve, reject) => {
      trainer.once('message', resolve);
      trainer.once('error', reject);
    });
    const [expected] = await contents(loaderOf(root, { workers: 0 }), [3]);
    expect(received).toEqual({ images: expected?.images, labels: expected?.labels });
    expect(await exit).toBe(0);
  });
});

describe('failures', () => {
  it.each([0, 2])('name the file, with %i workers, and leave the loader usable', async (workers) => {
    const root = await smallDataset(6);
    const loader = loaderOf(root, { workers, batchSize: 1 });
    const names = (await contents(loader, [0, 1, 2, 3, 4, 5])).map((batch) => batch.names[0]);
    const broken = names.indexOf('sample-4');
    const path = join(root, 'labels/train/sample-4.png');
    await put(path, grayLabels(12, Array(96).fill(77)));
    const again = loaderOf(root, { workers, batchSize: 1 });
    for (let step = 0; step < 6; step++) {
      if (step === broken) {
        await expect(again.next(step)).rejects.toMatchObject({
          name: 'DataError',
          code: 'data',
          message: expect.stringContaining(`${path}: label 77 at pixel (0, 0)`),
        });
      } else {
        expect((await again.next(step)).names).toEqual([names[step]]);
      }
    }
  });

  it('reject when the dataset cannot be opened', async () => {
    const root = await temporaryFolder();
    await expect(loaderOf(root).next(0)).rejects.toMatchObject({ code: 'data' });
    const dataset = { kind: 'floder', root };
    await expect(loaderOf(root, { dataset }).next(0)).rejects.toMatchObject({
      code: 'config',
      message: expect.stringContaining('did you mean folder?'),
    });
  });

  it('reject where there is no engine, and say so', async () => {
    const root = await smallDataset(1);
    const options = { dataset: { kind: 'folder', root }, augmentation, batchSize: 1, seed: 1 };
    const program = join(await temporaryFolder(), 'program.mjs');
    await writeFile(
      program,
      `import { BatchLoader } from ${JSON.stringify(import.meta.resolve('coarsely/data'))};
      for (const workers of [0, 1]) {
        const loader = new BatchLoader({ ...${JSON.stringify(options)}, workers });
        const error = await loader.next(0).catch((reason) => reason);
        console.log(error.code, error.message);
        await loader.close();
      }`,
    );
    const { stdout } = spawnSync(process.execPath, [program], {
      encoding: 'utf8',
      env: { ...process.env, COARSELY_TORCH: '/nowhere' },
    });
    expect(stdout.trim().split('\n')).toEqual(
      Array.from({ length: 2 }, () => expect.stringMatching(/^engine COARSELY_TORCH=\/nowhere: no such/)),
    );
  });

  it('reject when a worker dies, at once and ever after', async () => {
    const module = await moduleWithKind('dying', 'process.exit(3);');
    const loader = loaderOf('', { dataset: { kind: 'dying' }, modules: [module] });
    await expect(loader.next(0)).rejects.toThrow('a data worker stopped with exit code 3');
    await expect(loader.next(1)).rejects.toThrow('a data worker stopped with exit code 3');
  });

  it('reject when a worker throws outside of any sample', async () => {
    const module = await moduleWithKind(
      'throwing',
      `setTimeout(() => { throw new Error('thrown beside') }, 1); return new Promise(() => {});`,
    );
    const loader = loaderOf('', { dataset: { kind: 'throwing' }, modules: [module] });
    await expect(loader.next(0)).rejects.toThrow('a data worker stopped: thrown beside');
  });
});

describe('close', () => {
  it('ends workers promptly, rejects whoever waits, and refuses further steps', async () => {
    const module = await moduleWithKind(
      'slow',
      `await new Promise((resolve) => setTimeout(resolve, 1000)); return { name: String(index), ...pixels };`,
    );
    const loader = loaderOf('', { dataset: { kind: 'slow' }, modules: [module], batchSize: 50 });
    const waiting = loader.next(0);
    const rejected = expect(waiting).rejects.toThrow('the loader was closed');
    await new Promise((resolve) => setTimeout(resolve, 300));
    const start = performance.now();
    await loader.close();
    // All samples together would take 25 seconds.
    expect(performance.now() - start).toBeLessThan(10_000);
    await rejected;
    await expect(loader.next(1)).rejects.toThrow('the loader was closed');
    await loader.close();
  });

  it('is fine before the first batch', async () => {
    const loader = loaderOf(await smallDataset(1));
    await loader.close();
    await expect(loader.next(0)).rejects.toThrow('the loader was closed');
  });

  it('is not needed for a program to end', async () => {
    const root = await smallDataset(3);
    const path = join(await temporaryFolder(), 'forgetful.mjs');
    await writeFile(
      path,
      `import { BatchLoader } from ${JSON.stringify(import.meta.resolve('coarsely/data'))};
      const loader = new BatchLoader(${JSON.stringify({
        dataset: { kind: 'folder', root },
        augmentation,
        batchSize: 2,
        seed: 1,
      })});
      await loader.next(0);`,
    );
    const program = new Worker(path);
    expect(await new Promise((resolve) => program.once('exit', resolve))).toBe(0);
  });
});
