/** Predicts images and folders that nobody expects: each ends in right labels or in one line, and nothing is lost. */

import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type InferenceOptions, inferLabels, predictInputs } from 'coarsely/evaluation';
import { decode } from 'fast-png';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BrightnessModel } from './brightness-model.js';

const classes = [
  { name: 'dark', color: [0, 0, 0] as const },
  { name: 'bright', color: [255, 255, 255] as const },
];

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coarsely-odd-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Writes an image whose pixels are bright where `isBright` says so, and dark elsewhere. */
async function write(
  name: string,
  [width, height]: readonly [number, number],
  isBright = (x: number, y: number) => (x + y) % 3 === 0,
): Promise<number[]> {
  const expected = Array.from({ length: width * height }, (_, place) =>
    Number(isBright(place % width, Math.floor(place / width))),
  );
  const pixels = Uint8Array.from(expected.flatMap((bright) => Array(3).fill(bright * 255)));
  await sharp(pixels, { raw: { width, height, channels: 3 } })
    .png()
    .toFile(join(folder, name));
  return expected;
}

function predict(
  inputs: readonly string[],
  options: InferenceOptions & { output?: string; overwrite?: boolean } = {},
) {
  const { output = join(folder, 'out'), ...others } = options;
  return predictInputs(new BrightnessModel(), inputs, { classes, output, precision: 'float32', ...others });
}

const window = (side: number, stride: number) => ({
  cropSize: [side, side] as const,
  stride: [stride, stride] as const,
});

describe('images of odd sizes have a label for each pixel', () => {
  test.each<[string, readonly [number, number], InferenceOptions]>([
    ['one pixel', [1, 1], {}],
    [
      'one pixel, in windows, several scales and mirrored',
      [1, 1],
      { window: window(64, 42), scales: [1, 2], flip: true },
    ],
    ['a panorama of one row', [3000, 1], {}],
    ['a panorama of one row in windows', [3000, 1], { window: window(64, 42) }],
    ['a column of one pixel in windows, mirrored', [1, 700], { window: window(64, 42), flip: true }],
    ['20 000 × 2', [20_000, 2], {}],
    ['20 000 × 2 in windows', [20_000, 2], { window: window(512, 341) }],
    ['smaller than the window', [7, 5], { window: window(512, 341) }],
    ['windows of one pixel', [9, 4], { window: window(1, 1) }],
    [
      'a window higher than the image and narrower',
      [90, 6],
      { window: { cropSize: [40, 8], stride: [40, 8] } },
    ],
  ])('%s', async (_, size, options) => {
    const expected = await write('a.png', size);
    const { written, skipped, reducedOverlays } = await predict([join(folder, 'a.png')], options);
    expect({ skipped, reducedOverlays }).toEqual({ skipped: [], reducedOverlays: [] });
    const labels = decode(await readFile(written[0]?.labels as string));
    expect([labels.width, labels.height]).toEqual([...size]);
    expect(Array.from(labels.data)).toEqual(expected);
  });

  test('a side that no JPEG can have: the labels are whole, the overlay is reduced', async () => {
    const expected = await write('long.png', [70_000, 1]);
    const { written, reducedOverlays } = await predict([join(folder, 'long.png')]);
    const { labels = '', overlay = '' } = written[0] ?? {};
    expect(Array.from(decode(await readFile(labels)).data)).toEqual(expected);
    expect(reducedOverlays).toEqual([{ overlay, width: 35_000, height: 1 }]);
    expect(await sharp(overlay).metadata()).toMatchObject({ width: 35_000, height: 1 });
  });

  test.each([
    [
      [8, 8],
      [9, 8],
    ],
    [
      [8, 8],
      [8, 0],
    ],
    [
      [8, 8.5],
      [8, 8],
    ],
    [
      [0, 8],
      [0, 8],
    ],
  ] as const)('windows [%s] with stride [%s] would leave gaps and are refused', (cropSize, stride) => {
    const image = { width: 20, height: 20, image: new Uint8Array(1200) };
    expect(() => inferLabels(new BrightnessModel(), [image], { window: { cropSize, stride } })).toThrow(
      'expected windows of whole pixels whose stride is at most their size',
    );
  });
});

describe('folders', () => {
  test('the output folder may be the input folder, also a second time', async () => {
    await write('a.png', [4, 4]);
    const first = await predict([folder], { output: folder });
    expect(first.written.map(({ image }) => image)).toEqual([join(folder, 'a.png')]);
    await expect(predict([folder], { output: folder })).rejects.toThrow('exist already');
    const again = await predict([folder], { output: folder, overwrite: true });
    expect(again.written.map(({ image }) => image)).toEqual([join(folder, 'a.png')]);
    expect((await readdir(join(folder, 'labels'))).sort()).toEqual(['a.png']);
    expect(decode(await readFile(join(folder, 'a.png')))).toMatchObject({ channels: 3 });
  });

  test('an empty folder, and one that holds an empty one, say so', async () => {
    await mkdir(join(folder, 'empty', 'inner'), { recursive: true });
    await expect(predict([join(folder, 'empty')])).rejects.toThrow(
      /empty: no image found; .*the folder is empty/,
    );
  });

  test('pipes, broken links and links to folders are named, and do not hold up the others', async () => {
    await write('a.png', [4, 4]);
    execFileSync('mkfifo', [join(folder, 'pipe.png')]);
    await symlink('nowhere.png', join(folder, 'broken.png'));
    await mkdir(join(folder, 'inner.png'));
    await symlink('inner.png', join(folder, 'link.jpg'));
    await symlink('a.png', join(folder, 'good.png'));
    const { written, skipped } = await predict([folder]);
    expect(written.map(({ image }) => image)).toEqual(
      ['a.png', 'good.png'].map((name) => join(folder, name)),
    );
    expect(skipped.map(({ image }) => image)).toEqual(
      ['broken.png', 'link.jpg', 'pipe.png'].map((name) => join(folder, name)),
    );
    await expect(predict([join(folder, 'pipe.png')], { overwrite: true })).rejects.toThrow(
      'is neither a file nor a folder',
    );
  });

  test('files that are empty, cut off or no image are named, and the others are predicted', async () => {
    await write('a.png', [40, 40]);
    await writeFile(join(folder, 'empty.png'), '');
    await writeFile(join(folder, 'text.jpg'), 'no image');
    const whole = await readFile(join(folder, 'a.png'));
    await writeFile(join(folder, 'cut.png'), whole.subarray(0, whole.length - 40));
    const { written, skipped } = await predict([folder]);
    expect(written).toHaveLength(1);
    expect(skipped.map(({ image }) => image)).toEqual(
      ['cut.png', 'empty.png', 'text.jpg'].map((name) => join(folder, name)),
    );
    for (const { reason } of skipped) expect(reason).not.toContain('\n');
  });

  test('one stem with two extensions would write one file, which is said before anything is written', async () => {
    await write('a.png', [4, 4]);
    await sharp(join(folder, 'a.png')).jpeg().toFile(join(folder, 'a.jpg'));
    await expect(predict([folder])).rejects.toThrow(/a\.jpg and .*a\.png would both write .*a\.png/);
    await expect(readdir(join(folder, 'out'))).rejects.toThrow('ENOENT');
  });

  test('names with line breaks, emoji, quotes, percent signs, and of the greatest length', async () => {
    const names = ['two\nlines.png', '🚜 field.png', "it's 100%_%s.png", `${'n'.repeat(251)}.png`, '-rf.png'];
    for (const name of names) await write(name, [3, 2]);
    const { written, skipped } = await predict([folder]);
    expect(skipped).toEqual([]);
    expect(written.map(({ image }) => image).sort()).toEqual(names.map((name) => join(folder, name)).sort());
    expect((await readdir(join(folder, 'out', 'labels'))).sort()).toEqual([...names].sort());
    const again = await predict([folder], { overwrite: true });
    expect(again.written).toHaveLength(names.length);
    expect((await readdir(join(folder, 'out', 'labels'))).sort()).toEqual([...names].sort());
  });

  test('an output that is a file, or has a file in the place of a folder, is named; the file stays', async () => {
    await write('a.png', [4, 4]);
    await writeFile(join(folder, 'taken'), 'mine');
    await expect(predict([join(folder, 'a.png')], { output: join(folder, 'taken') })).rejects.toThrow(
      /taken.*cannot be written|taken.*ENOTDIR/,
    );
    expect(await readFile(join(folder, 'taken'), 'utf8')).toBe('mine');
  });
});
