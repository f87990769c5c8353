/** Checks what an inspection says of images of more than 8 bits, of other channels than RGB, and of several pages. */

import { join } from 'node:path';
import { checkDataset } from 'coarsely/data';
import { inspectDataset } from 'coarsely/inspect';
import { encode } from 'fast-png';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { coarsely } from '../cli/run-command.js';
import { png, put } from '../data/dataset-folder.js';
import { tiff } from '../data/tiff-file.js';
import { datasetFolder, height, width } from './inspected-folder.js';

const pixels = width * height;

/** Writes a folder whose images are these files, by sample, in the place of 8-bit RGB PNGs. */
async function folderOf(extension: string, content: (sample: number) => Uint8Array): Promise<string> {
  const root = await datasetFolder({ splits: {}, labels: {} });
  for (const [split, count] of [
    ['train', 3],
    ['val', 1],
  ] as const) {
    for (let sample = 0; sample < count; sample++) {
      await put(join(root, 'images', split, `s${sample}.${extension}`), content(sample));
      const labels = png({ width, height, channels: 1, bytes: (place) => place % 3 });
      await put(join(root, 'labels', split, `s${sample}.png`), labels);
    }
  }
  return root;
}

const deepImage = (most: number) => (sample: number) =>
  encode({
    width,
    height,
    channels: 1,
    depth: 16,
    data: Uint16Array.from({ length: pixels }, (_, place) => (place * 9973 + sample) % (most + 1)),
  });

const part = (root: string) => ({ kind: 'folder', root, split: 'train', labels: 'labels' });

describe('images of 16 bits', () => {
  it('that use 12 of them stop, and the range that was measured is named', async () => {
    const root = await folderOf('png', deepImage(4000));
    const { problems, verdict, hints } = await inspectDataset(root);
    expect(problems.map(({ code, split, count }) => ({ code, split, count }))).toEqual([
      { code: 'image-range', split: 'train', count: 3 },
      { code: 'image-range', split: 'val', count: 1 },
    ]);
    expect(problems[0]?.message).toMatch(
      /^16-bit images hold values from 0 to 40\d\d|^16-bit images hold values from 0 to 39\d\d/,
    );
    expect(problems[0]?.remedy).toContain(`coarsely check ${root} --set 'data.imageRange=[0,4095]'`);
    expect([verdict.usable, hints]).toEqual([false, []]);
    const train = await checkDataset(part(root));
    expect(train.problems[0]).toContain('which would be nearly black');
  });

  it('are ready with the range that is stated', async () => {
    const root = await folderOf('png', deepImage(4000));
    const { problems, verdict, splits } = await inspectDataset(root, { options: { imageRange: [0, 4095] } });
    expect([problems, verdict.usable]).toEqual([[], true]);
    expect(splits[0]?.stored?.types).toEqual([{ type: '16-bit', files: 3 }]);
    const images = { channels: 3, range: [0, 4095] };
    expect(await checkDataset({ ...part(root), images })).toMatchObject({ problems: [], notes: [] });
  });

  it('that use all of them are read, and what is assumed is said', async () => {
    const root = await folderOf('png', deepImage(65535));
    const { problems, verdict, hints } = await inspectDataset(root);
    expect([problems, verdict.usable]).toEqual([[], true]);
    expect(hints[0]).toMatch(
      /^train: 16-bit images \(3\) hold values from 0 to \d+; 0 and 65535 are taken for black/,
    );
    const { notes } = await checkDataset(part(root));
    expect(notes?.[0]).toContain('3 images have 16 bits; 0 and 65535 are taken for black and white');
  });

  it('of floats are told their values', async () => {
    const values = Float32Array.from({ length: pixels }, (_, place) => place / 10 - 2);
    const root = await folderOf('tif', () => tiff({ width, height, channels: 1, values }));
    const { problems } = await inspectDataset(root);
    expect(problems[0]?.message).toMatch(/^32-bit float images hold values from -2 to 7\.5,/);
    expect(problems[0]?.remedy).toContain("--set 'data.imageRange=[-2,7.5]'");
  });
});

describe('images of other channels than RGB', () => {
  const value = (place: number, sample: number) => (place * 13 + sample * 50) % 251;
  const rgba = (sample: number) =>
    png({ width, height, channels: 4, bytes: (place) => value(place, sample) });

  it('give mean and standard deviation of every channel, over the pixels of all images', async () => {
    const root = await folderOf('png', rgba);
    const { splits, problems } = await inspectDataset(root, { options: { channels: 4 } });
    expect(problems).toEqual([]);
    const expected = [0, 1, 2, 3].map((channel) => {
      const all = [0, 1, 2].flatMap((sample) =>
        Array.from({ length: pixels }, (_, pixel) => value(4 * pixel + channel, sample)),
      );
      const mean = all.reduce((sum, one) => sum + one, 0) / all.length;
      const variance = all.reduce((sum, one) => sum + (one - mean) ** 2, 0) / all.length;
      return [mean, Math.sqrt(variance)].map((one) => Math.round(one * 100) / 100);
    });
    expect(splits[0]?.stored?.normalization).toEqual({
      mean: expected.map(([mean]) => mean),
      std: expected.map(([, std]) => std),
    });
  });

  it('are printed ready to be pasted, and in the command that trains', async () => {
    const root = await folderOf('png', rgba);
    const { code, stdout } = await coarsely(['check', root, '--set', 'data.channels=4']);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      / {4}channels: 4\n {4}normalization:\n {6}mean: \[[\d., ]+\]\n {6}std: \[[\d., ]+\]/,
    );
    expect(stdout).toMatch(
      /--set data\.channels=4 --set 'data\.normalization=\{mean: \[.*\], std: \[.*\]\}'/,
    );
  });

  it('are said to lose their fourth channel unless it is asked for', async () => {
    const { hints, verdict } = await inspectDataset(await folderOf('png', rgba));
    expect(verdict.usable).toBe(true);
    expect(hints[0]).toBe(
      'train: 3 images have a fourth channel, which is dropped as transparency; check again with --set data.channels=4 to ' +
        'train on it',
    );
  });

  it('do not pass for others', async () => {
    const root = await folderOf('png', (sample) =>
      png({ width, height, channels: 3, bytes: (place) => value(place, sample) }),
    );
    const { problems, verdict } = await inspectDataset(root, { options: { channels: 4 } });
    expect(problems[0]).toMatchObject({ code: 'unreadable-image', count: 3 });
    expect(problems[0]?.examples[0]).toContain('has 3 channels, expected 4');
    expect(verdict.usable).toBe(false);
    const { problems: lines } = await checkDataset({ ...part(root), images: { channels: 4 } });
    expect(lines).toHaveLength(3);
    expect(lines[0]).toContain('has 3 channels, expected 4');
  });
});

it('images of several pages or frames are counted', async () => {
  const frame = Buffer.alloc(3 * pixels, 9);
  const both = await sharp(Buffer.concat([frame, Buffer.alloc(3 * pixels, 200)]), {
    raw: { width, height: 2 * height, channels: 3, pageHeight: height },
  })
    .gif()
    .toBuffer();
  const root = await folderOf('gif', () => both);
  const { hints, verdict } = await inspectDataset(root);
  expect(verdict.usable).toBe(true);
  expect(hints[0]).toBe('train: 3 images have several pages or frames, of which the first is read');
  const { notes } = await checkDataset(part(root));
  expect(notes?.[0]).toContain('3 images have several pages or frames, of which the first is read');
});
