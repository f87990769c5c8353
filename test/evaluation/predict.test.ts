import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataError } from 'coarsely/errors';
import { predictInputs } from 'coarsely/evaluation';
import { decode } from 'fast-png';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BrightnessModel } from './brightness-model.js';

const classes = [
  { name: 'dark', color: [255, 0, 0] },
  { name: 'bright', color: [0, 0, 255] },
] as const;

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coarsely-predict-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function writeImage(name: string, pixels: readonly number[]): Promise<string> {
  const path = join(folder, 'images', name);
  await mkdir(join(path, '..'), { recursive: true });
  const rgb = Uint8Array.from(pixels.flatMap((value) => [value, value, value]));
  await sharp(rgb, { raw: { width: pixels.length, height: 1, channels: 3 } })
    .png()
    .toFile(path);
  return path;
}

const options = () => ({ output: join(folder, 'out'), classes, precision: 'float32' as const });

describe('predict', () => {
  test('writes class ids and an overlay under the names of the images, subfolders kept', async () => {
    await writeImage('a.png', [0, 255, 255]);
    await writeImage('street/b.png', [255, 0]);
    const summary = await predictInputs(new BrightnessModel(), [join(folder, 'images')], options());
    expect(summary.written.map(({ labels }) => labels)).toEqual([
      join(folder, 'out/labels/a.png'),
      join(folder, 'out/labels/street/b.png'),
    ]);
    const png = decode(await readFile(join(folder, 'out/labels/a.png')));
    expect([png.width, png.height, png.channels, png.depth]).toEqual([3, 1, 1, 8]);
    expect([...png.data]).toEqual([0, 1, 1]);
    const overlay = await sharp(join(folder, 'out/overlays/a.jpg')).metadata();
    expect([overlay.width, overlay.height]).toEqual([3, 1]);
  });

  test('names files that are not images, and continues', async () => {
    const good = await writeImage('good.png', [0, 255]);
    const bad = join(folder, 'images', 'bad.png');
    await writeFile(bad, 'no picture');
    const summary = await predictInputs(new BrightnessModel(), [bad, good], options());
    expect(summary.written.map(({ image }) => image)).toEqual([good]);
    expect(summary.skipped.map(({ image }) => image)).toEqual([bad]);
    expect(summary.skipped[0]?.reason).toMatch(/^cannot be decoded as an image \(/);
    expect(summary.skipped[0]?.reason).not.toContain('bad.png');
  });

  test('replaces nothing without overwrite', async () => {
    const image = await writeImage('a.png', [0, 255]);
    await predictInputs(new BrightnessModel(), [image], options());
    await expect(predictInputs(new BrightnessModel(), [image], options())).rejects.toThrow(
      /labels\/a\.png and 1 more exist already/,
    );
    await writeImage('a.png', [255, 0]);
    await predictInputs(new BrightnessModel(), [image], { ...options(), overwrite: true });
    expect([...decode(await readFile(join(folder, 'out/labels/a.png'))).data]).toEqual([1, 0]);
  });

  test('names a prediction that cannot be written once', async () => {
    const image = await writeImage('a.png', [0]);
    const taken = join(folder, 'out/labels/a.png');
    await mkdir(taken, { recursive: true });
    const predicted = predictInputs(new BrightnessModel(), [image], { ...options(), overwrite: true });
    await expect(predicted).rejects.toThrow(
      new DataError(`${taken}: cannot be written (EISDIR: illegal operation on a directory)`),
    );
  });

  test('refuses two images of one name, and a folder without images', async () => {
    const first = await writeImage('x/a.png', [0]);
    const second = await writeImage('y/a.png', [0]);
    await expect(predictInputs(new BrightnessModel(), [first, second], options())).rejects.toThrow(
      /would both write .*labels\/a\.png/,
    );
    await mkdir(join(folder, 'empty'));
    await expect(predictInputs(new BrightnessModel(), [join(folder, 'empty')], options())).rejects.toThrow(
      'no image found',
    );
    await expect(predictInputs(new BrightnessModel(), [join(folder, 'nowhere')], options())).rejects.toThrow(
      /nowhere: no such file or folder/,
    );
  });

  test('refuses a file and a folder that would write the same, even to overwrite, before anything is written', async () => {
    const inFolder = await writeImage('set/val0.png', [0]);
    const file = await writeImage('val0.png', [255]);
    const inputs = [file, join(folder, 'images/set')];
    const predicted = predictInputs(new BrightnessModel(), inputs, { ...options(), overwrite: true });
    await expect(predicted).rejects.toThrow(
      `${file} and ${inFolder} would both write ${join(folder, 'out/labels/val0.png')}`,
    );
    expect(existsSync(join(folder, 'out'))).toBe(false);
    await expect(
      predictInputs(new BrightnessModel(), [join(folder, 'images/set'), inFolder], options()),
    ).rejects.toThrow(`${inFolder} is given twice`);
  });

  test('predicts files and folders together', async () => {
    const file = await writeImage('one.png', [0, 255]);
    await writeImage('set/two.png', [255]);
    const inputs = [file, join(folder, 'images/set')];
    const totals: number[] = [];
    const { written } = await predictInputs(new BrightnessModel(), inputs, {
      ...options(),
      onProgress: ({ total }) => totals.push(total),
    });
    expect(written.map(({ labels }) => labels)).toEqual([
      join(folder, 'out/labels/one.png'),
      join(folder, 'out/labels/two.png'),
    ]);
    expect(totals).toEqual([2, 2]);
  });

  test('an output folder inside the input is not predicted', async () => {
    await writeImage('a.png', [0, 255]);
    const inside = { ...options(), output: join(folder, 'images', 'out'), overwrite: true };
    await predictInputs(new BrightnessModel(), [join(folder, 'images')], inside);
    const again = await predictInputs(new BrightnessModel(), [join(folder, 'images')], inside);
    expect(again.written).toHaveLength(1);
  });
});
