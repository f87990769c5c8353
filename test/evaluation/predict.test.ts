import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataError } from 'coarsely/errors';
import { predictInputs } from 'coarsely/evaluation';
import { decode, encode } from 'fast-png';
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

/** Encodes one row of pixels as a BMP of 24 bits. */
function bmp(rgb: Uint8Array): Uint8Array {
  const file = Buffer.alloc(54 + Math.ceil(rgb.length / 4) * 4);
  file.write('BM');
  file.writeUInt32LE(54, 10);
  file.writeUInt32LE(40, 14);
  file.writeInt32LE(rgb.length / 3, 18);
  file.writeInt32LE(1, 22);
  file.writeUInt16LE(24, 28);
  for (let at = 0; at < rgb.length; at += 3) file.set(rgb.slice(at, at + 3).reverse(), 54 + at);
  return file;
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

  test('reads every format in a folder, and says of each other file why it is left out', async () => {
    const pixels = Buffer.from([0, 0, 0, 255, 255, 255]);
    const image = () => sharp(pixels, { raw: { width: 2, height: 1, channels: 3 } });
    const put = (name: string, content: Uint8Array) => writeFile(join(folder, 'images', name), content);
    await mkdir(join(folder, 'images/.cache'), { recursive: true });
    const jpeg = await image().jpeg().toBuffer();
    await Promise.all([
      put('a.JPG', jpeg),
      put('b.jfif', jpeg),
      put('c.jpe', jpeg),
      put('d.TIF', await image().tiff().toBuffer()),
      put('e.gif', await image().gif().toBuffer()),
      put('f.avif', await image().avif().toBuffer()),
      put('g.bmp', bmp(pixels)),
      put('without', jpeg),
      put('photo.heic', jpeg),
      put('list.txt', Buffer.from('a, b')),
      put('._a.JPG', Buffer.from('resource fork')),
      put('.cache/h.png', jpeg),
    ]);
    const inside = (name: string) => join(folder, 'images', name);
    const { written, skipped, others } = await predictInputs(
      new BrightnessModel(),
      [join(folder, 'images')],
      options(),
    );
    expect(written.map((one) => one.image)).toEqual(
      ['a.JPG', 'b.jfif', 'c.jpe', 'd.TIF', 'e.gif', 'f.avif', 'g.bmp'].map(inside),
    );
    for (const { labels } of written) expect([...decode(await readFile(labels)).data]).toEqual([0, 1]);
    expect(skipped).toEqual([
      {
        image: inside('photo.heic'),
        reason: '.heic files are not read; convert it to PNG, JPEG, WebP, TIFF, BMP, GIF or AVIF',
      },
      { image: inside('without'), reason: 'holds a JPEG image, but has no extension; rename it' },
    ]);
    expect(others).toEqual([inside('list.txt')]);
  });

  test('predicts the first of several frames, and says so', async () => {
    await mkdir(join(folder, 'images'), { recursive: true });
    const frame = (first: number) =>
      Buffer.from([first, 255 - first].flatMap((value) => [value, value, value]));
    const both = sharp(Buffer.concat([frame(0), frame(255)]), {
      raw: { width: 2, height: 2, channels: 3, pageHeight: 1 },
    });
    const path = join(folder, 'images/a.gif');
    await both.gif().toFile(path);
    const { written, severalPages } = await predictInputs(new BrightnessModel(), [path], options());
    expect(severalPages).toEqual([{ image: path, pages: 2 }]);
    expect([...decode(await readFile(written[0]?.labels as string)).data]).toEqual([0, 1]);
  });

  test('reads 16-bit images by a stated range', async () => {
    await mkdir(join(folder, 'images'), { recursive: true });
    const path = join(folder, 'images/a.png');
    const data = Uint16Array.of(0, 1000, 3000, 4095);
    await writeFile(path, encode({ width: 4, height: 1, channels: 1, depth: 16, data }));
    const refused = await predictInputs(new BrightnessModel(), [path], options());
    expect(refused.skipped[0]?.reason).toContain('--image-range 0,4095');
    const images = { channels: 3, range: [0, 4095] } as const;
    const { written } = await predictInputs(new BrightnessModel(), [path], { ...options(), images });
    expect([...decode(await readFile(written[0]?.labels as string)).data]).toEqual([0, 0, 1, 1]);
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
