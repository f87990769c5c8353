/** Tests generated scenes: the same bytes for the same seed, and something to learn in them. */

import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { coarsenLabels } from 'coarsely/coarsen';
import { openDataset, readImage } from 'coarsely/data';
import { ConfigError, DataError } from 'coarsely/errors';
import { generateScene, sceneClasses, writeScenes } from 'coarsely/scenes';
import { decode } from 'fast-png';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AgreementCounter } from '#coarsen/label-agreement.js';

const size = { width: 120, height: 80 };
const scenes = Array.from({ length: 20 }, (_, index) => generateScene({ seed: 11, index, ...size }));

function indexOf(name: string): number {
  return sceneClasses.findIndex((entry) => entry.name === name);
}

describe('generateScene', () => {
  it('is the same each time, whatever was generated before, and different for another index or seed', () => {
    const again = generateScene({ seed: 11, index: 4, ...size });
    expect(again).toEqual(scenes[4]);
    expect(generateScene({ seed: 11, index: 5, ...size }).labels).not.toEqual(again.labels);
    expect(generateScene({ seed: 12, index: 4, ...size }).labels).not.toEqual(again.labels);
  });

  it('fills image and labels, with labels of the list alone', () => {
    for (const { image, labels } of scenes) {
      expect(image).toHaveLength(3 * size.width * size.height);
      expect(labels).toHaveLength(size.width * size.height);
      expect(Math.max(...labels)).toBeLessThan(sceneClasses.length);
    }
  });

  it('shows every class across twenty scenes, each in its usual share', () => {
    const pixels = new Array<number>(sceneClasses.length).fill(0);
    for (const { labels } of scenes) for (const label of labels) pixels[label] = (pixels[label] ?? 0) + 1;
    const share = (name: string): number =>
      (pixels[indexOf(name)] as number) / (20 * size.width * size.height);
    for (const name of ['sky', 'building', 'road', 'tree']) expect(share(name)).toBeGreaterThan(0.05);
    expect(share('pavement')).toBeGreaterThan(0.02);
    expect(share('car')).toBeGreaterThan(0.01);
    for (const name of ['pole', 'pedestrian']) {
      expect(share(name)).toBeGreaterThan(0.002);
      expect(share(name)).toBeLessThan(0.06);
    }
  });

  it('puts sky above road', () => {
    const meanRow = (name: string): number => {
      const rows = scenes.flatMap(({ labels }) =>
        [...labels].flatMap((label, pixel) =>
          label === indexOf(name) ? [Math.floor(pixel / size.width)] : [],
        ),
      );
      return rows.reduce((sum, row) => sum + row, 0) / rows.length / size.height;
    };
    expect(meanRow('sky')).toBeLessThan(0.35);
    expect(meanRow('road')).toBeGreaterThan(0.65);
  });

  it('cannot be labeled by the color of a pixel alone', () => {
    // The best guess for each of 512 colors, from the very pixels that it is tested on.
    const counts = new Map<number, number[]>();
    let total = 0;
    for (const { image, labels } of scenes) {
      for (let pixel = 0; pixel < labels.length; pixel++, total++) {
        const [red, green, blue] = image.subarray(3 * pixel, 3 * pixel + 3);
        const key = ((red as number) >> 5) * 64 + ((green as number) >> 5) * 8 + ((blue as number) >> 5);
        const row = counts.get(key) ?? new Array<number>(sceneClasses.length).fill(0);
        row[labels[pixel] as number] = (row[labels[pixel] as number] as number) + 1;
        counts.set(key, row);
      }
    }
    const right = [...counts.values()].reduce((sum, row) => sum + Math.max(...row), 0);
    expect(right / total).toBeLessThan(0.75);
  });

  it('shows the same scene at another size', () => {
    const large = generateScene({ seed: 11, index: 2, width: 240, height: 160 }).labels;
    const small = (scenes[2] as { labels: Uint8Array }).labels;
    const same = small.reduce((sum, label, pixel) => {
      const [x, y] = [pixel % size.width, Math.floor(pixel / size.width)];
      return sum + (large[2 * y * 240 + 2 * x] === label ? 1 : 0);
    }, 0);
    expect(same / small.length).toBeGreaterThan(0.93);
  });

  it('works at odd and extreme shapes', () => {
    for (const [width, height] of [
      [16, 16],
      [37, 91],
      [301, 20],
    ] as const) {
      const { image, labels } = generateScene({ seed: 0, index: 0, width, height });
      expect([image.length, labels.length]).toEqual([3 * width * height, width * height]);
    }
    expect(() => generateScene({ seed: 0, index: 0, width: 8, height: 40 })).toThrow(DataError);
    expect(() => generateScene({ seed: 0, index: 0, width: 40.5, height: 40 })).toThrow('received 40.5×40');
  });

  it('gives coarse labels like real ones: most of the surface, little of it wrong, thin things thin', () => {
    const counter = new AgreementCounter();
    const larger = { width: 240, height: 160 };
    for (let index = 0; index < 20; index++) {
      const { labels } = generateScene({ seed: 11, index, ...larger });
      const coarse = coarsenLabels(labels, { ...larger, classCount: sceneClasses.length, seed: index });
      expect([...new Set(coarse)].every((label) => label === 255 || label < sceneClasses.length)).toBe(true);
      counter.add(labels, coarse);
    }
    const { coverage, agreement, perClass } = counter.result();
    expect(coverage).toBeGreaterThan(0.45);
    expect(coverage).toBeLessThan(0.68);
    expect(agreement).toBeGreaterThan(0.945);
    expect(agreement).toBeLessThan(0.99);
    const pole = perClass.find(({ classIndex }) => classIndex === indexOf('pole'));
    expect(pole?.coverage).toBeGreaterThan(0.15);
    expect(pole?.coverage).toBeLessThan(0.9);
    expect(pole?.agreement).toBeGreaterThan(0.7);
  });
});

describe('writeScenes', () => {
  const parameters = { train: 3, validation: 2, ...size, seed: 5 };
  let root: string;
  let folder: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'coarsely-scenes-'));
    folder = join(root, 'scenes');
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  /** Returns the message of a rejection without the temporary folder. Fails when nothing is thrown. */
  async function messageOf(
    promise: Promise<unknown>,
    type: typeof DataError | typeof ConfigError,
  ): Promise<string> {
    const error = await promise.then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(type);
    return (error as Error).message.replaceAll(root, '');
  }

  it('writes a dataset folder that opens, with exact fine labels', async () => {
    const { state, agreement } = await writeScenes(folder, parameters);
    expect(state).toBe('written');
    expect(agreement?.finePixels).toBe(5 * size.width * size.height);
    expect(await readdir(join(folder, 'coarse', 'train'))).toHaveLength(3);
    const first = generateScene({ seed: 5, index: 0, ...size });
    expect(decode(await readFile(join(folder, 'fine', 'train', 'scene-0000.png'))).data).toEqual(
      first.labels,
    );

    const photograph = (await readImage(join(folder, 'images', 'train', 'scene-0000.jpg'))).image;
    const error = first.image.reduce((sum, value, i) => sum + Math.abs(value - (photograph[i] as number)), 0);
    expect(error / first.image.length).toBeLessThan(5);

    const dataset = await openDataset({ kind: 'folder', root: folder, split: 'val', labels: 'coarse' });
    expect(dataset.classes).toEqual(sceneClasses);
    expect(dataset.length).toBe(2);
    const sample = await dataset.read(1);
    expect([sample.name, sample.width, sample.height]).toEqual(['scene-0001', 120, 80]);
    expect(sample.labels?.includes(255)).toBe(true);
  });

  it('does nothing when the same scenes are there, and refuses others', async () => {
    await writeScenes(folder, parameters);
    const path = join(folder, 'images', 'val', 'scene-0001.jpg');
    const before = await readFile(path);
    expect(await writeScenes(folder, parameters)).toEqual({ state: 'present', agreement: null });
    expect(await messageOf(writeScenes(folder, { ...parameters, seed: 6 }), DataError)).toMatch(
      /^\/scenes: holds scenes made with \{.*"seed": 5 \}, not with \{.*"seed": 6 \}; choose another folder/,
    );
    expect(await readFile(path)).toEqual(before);
    await rm(path);
    expect(await messageOf(writeScenes(folder, parameters), DataError)).toMatch(/scene-0001\.jpg: missing/);
  });

  it('begins with the same scenes when there are more of them, and shares none between the splits', async () => {
    await writeScenes(folder, parameters);
    const more = join(root, 'more');
    await writeScenes(more, { ...parameters, train: 4 });
    const read = (from: string, split: string): Promise<Buffer> =>
      readFile(join(from, 'coarse', split, 'scene-0001.png'));
    expect(await read(more, 'train')).toEqual(await read(folder, 'train'));
    expect(await read(more, 'val')).toEqual(await read(folder, 'val'));
    expect(await read(folder, 'val')).not.toEqual(await read(folder, 'train'));
  });

  it('takes an empty folder, and refuses one that holds something else or cannot be one', async () => {
    await mkdir(folder);
    expect((await writeScenes(folder, { ...parameters, train: 1, validation: 1 })).state).toBe('written');
    const other = join(root, 'other');
    await mkdir(other);
    await writeFile(join(other, 'thesis.txt'), 'precious');
    expect(await messageOf(writeScenes(other, parameters), DataError)).toBe(
      '/other: holds something else than generated scenes; choose another folder or remove it',
    );
    expect(await readdir(other)).toEqual(['thesis.txt']);
    expect(await messageOf(writeScenes(join(other, 'thesis.txt'), parameters), DataError)).toMatch(
      /cannot hold scenes/,
    );
  });

  it('rejects parameters that make no dataset', async () => {
    expect(await messageOf(writeScenes(folder, { ...parameters, train: 0 }), ConfigError)).toBe(
      'scenes: expected a whole number of at least 1 as train, received 0',
    );
    expect(await messageOf(writeScenes(folder, { ...parameters, width: 12 }), ConfigError)).toMatch(
      /16 as width/,
    );
    expect(await messageOf(writeScenes(folder, { ...parameters, seed: 0.5 }), ConfigError)).toMatch(
      /seed, received 0.5/,
    );
    expect(await readdir(root)).toEqual([]);
  });
});
