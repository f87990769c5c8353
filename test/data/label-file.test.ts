/** Tests every encoding of labels, and every way in which a label file can be wrong. */

import { join } from 'node:path';
import { type ClassList, readLabels } from 'coarsely/data';
import { encode } from 'fast-png';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { grayLabels, png, put, temporaryFolder, threeClasses } from './dataset-folder.js';

const classList: ClassList = {
  classes: threeClasses.classes.map(({ name, color }) => ({
    name,
    color: color as [number, number, number],
  })),
  ignoredValue: 255,
};

async function labelsOf(content: Uint8Array, list = classList): Promise<number[]> {
  const path = join(await temporaryFolder(), 'a.png');
  await put(path, content);
  return [...(await readLabels(path, list)).labels];
}

/** Returns the error of reading these bytes, without the folder in its message. */
async function problemOf(content: Uint8Array, list = classList): Promise<string> {
  const path = join(await temporaryFolder(), 'a.png');
  await put(path, content);
  const error = await readLabels(path, list).then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ name: 'DataError', code: 'data' });
  return (error as Error).message.replace(path, 'a.png');
}

describe('encodings', () => {
  it('reads 8-bit gray values as class indices', async () => {
    expect(await labelsOf(grayLabels(3, [0, 1, 2, 255, 2, 1]))).toEqual([0, 1, 2, 255, 2, 1]);
  });

  it('reads the first channel of gray with alpha', async () => {
    const content = png({ width: 2, height: 1, channels: 2, bytes: (place) => [2, 255, 1, 0][place] ?? 0 });
    expect(await labelsOf(content)).toEqual([2, 1]);
  });

  it('reads a palette’s raw indices, whatever their colors', async () => {
    const palette = [
      [9, 9, 9],
      [9, 9, 9],
      [200, 0, 0],
    ];
    const data = Uint8Array.from([2, 0, 1, 1]);
    expect(await labelsOf(encode({ width: 2, height: 2, channels: 1, depth: 8, data, palette }))).toEqual([
      2, 0, 1, 1,
    ]);
  });

  it.each([
    // Rows of three pixels are padded to whole bytes.
    { depth: 1 as const, rows: [0b01000000, 0b11100000], expected: [0, 1, 0, 1, 1, 1] },
    { depth: 2 as const, rows: [0b00011000, 0b10000100], expected: [0, 1, 2, 2, 0, 1] },
    { depth: 4 as const, rows: [0x01, 0x20, 0x21, 0x00], expected: [0, 1, 2, 2, 1, 0] },
  ])('reads $depth-bit palette indices', async ({ depth, rows, expected }) => {
    const colors = [
      [0, 0, 0],
      [1, 1, 1],
      [2, 2, 2],
    ].slice(0, 2 ** depth);
    const file = encode({
      width: 3,
      height: 2,
      channels: 1,
      depth,
      data: Uint8Array.from(rows),
      palette: colors,
    });
    expect(await labelsOf(file)).toEqual(expected);
  });

  it('reads a palette that sharp wrote with few bits', async () => {
    const pixels = Uint8Array.from({ length: 7 * 5 * 3 }, (_, place) => (Math.floor(place / 3) % 2) * 255);
    const file = await sharp(pixels, { raw: { width: 7, height: 5, channels: 3 } })
      .png({ palette: true, colors: 2 })
      .toBuffer();
    const labels = await labelsOf(new Uint8Array(file));
    expect(labels[0]).not.toBe(labels[1]);
    expect(labels).toEqual(Array.from({ length: 35 }, (_, place) => labels[place % 2]));
  });

  it('reads RGB by the colors of the classes, black as ignored, alpha dropped', async () => {
    const colors = [
      [0, 0, 142],
      [0, 0, 0],
      [128, 64, 128],
      [107, 142, 35],
    ];
    const rgb = png({ width: 2, height: 2, channels: 3, bytes: (place) => colors.flat()[place] ?? 0 });
    expect(await labelsOf(rgb)).toEqual([1, 255, 0, 2]);
    const withAlpha = colors.flatMap((color) => [...color, 77]);
    const rgba = png({ width: 2, height: 2, channels: 4, bytes: (place) => withAlpha[place] ?? 0 });
    expect(await labelsOf(rgba)).toEqual([1, 255, 0, 2]);
  });

  it('reads black as a class when a class is black', async () => {
    const list = { ...classList, classes: [{ name: 'night', color: [0, 0, 0] as [number, number, number] }] };
    expect(await labelsOf(png({ width: 2, height: 1, channels: 3, bytes: () => 0 }), list)).toEqual([0, 0]);
  });

  it('reads 16-bit gray and RGB that 8 bits can hold', async () => {
    const gray = Uint16Array.from([0, 1, 2, 255]);
    expect(await labelsOf(encode({ width: 4, height: 1, channels: 1, depth: 16, data: gray }))).toEqual([
      0, 1, 2, 255,
    ]);
    const rgb = Uint16Array.from([0, 0, 142, 0, 0, 0].map((value) => value * 257));
    expect(await labelsOf(encode({ width: 2, height: 1, channels: 3, depth: 16, data: rgb }))).toEqual([
      1, 255,
    ]);
  });

  it('reads the class list’s own ignored value as ignored, beside 255', async () => {
    expect(await labelsOf(grayLabels(3, [7, 1, 255]), { ...classList, ignoredValue: 7 })).toEqual([
      255, 1, 255,
    ]);
  });
});

describe('refusals', () => {
  it('names a value outside the list and its pixel', async () => {
    expect(await problemOf(grayLabels(3, [0, 1, 2, 0, 9, 9]))).toBe(
      'a.png: label 9 at pixel (1, 1) is not in the list of 3 classes and not the ignored value',
    );
  });

  it('names an unknown color and its pixel', async () => {
    const colors = [128, 64, 128, 1, 2, 3];
    const content = png({ width: 2, height: 1, channels: 3, bytes: (place) => colors[place] ?? 0 });
    expect(await problemOf(content)).toBe(
      'a.png: color 1,2,3 at pixel (1, 0) is not in the list of 3 classes and not the ignored value',
    );
  });

  it('refuses RGB when two classes share a color', async () => {
    const shared = {
      ...classList,
      classes: classList.classes.map(({ name }) => ({ name, color: [1, 1, 1] as const })),
    };
    const content = png({ width: 1, height: 1, channels: 3, bytes: () => 1 });
    expect(await problemOf(content, shared)).toBe(
      "a.png: RGB labels need a color for each class, but 'road' and 'car' share 1,1,1",
    );
  });

  it.each([
    [
      [0, 300],
      'a.png: 16-bit value 300 at pixel 1,0 does not fit into the 8 bits of a label: save labels as',
    ],
    [
      [7, 26_001],
      'a.png: 16-bit value 26001 at pixel 1,0 looks like an instance id of Cityscapes: use the files',
    ],
    [
      [0, 257],
      'a.png: 16-bit value 257 at pixel 1,0 is an 8-bit value times 257: the tool stretched the labels',
    ],
  ])('refuses 16-bit values that are no labels: %j', async (values, message) => {
    const data = Uint16Array.from(values);
    const file = encode({ width: 2, height: 1, channels: 1, depth: 16, data });
    expect(await problemOf(file)).toContain(message);
  });

  it('refuses what is no PNG', async () => {
    expect(await problemOf(new TextEncoder().encode('not an image at all, but text of some length'))).toBe(
      'a.png: not a PNG file; labels are gray, palette or RGB PNGs',
    );
  });

  it.each([40, 60, -13])('refuses a file cut at %i bytes', async (end) => {
    const whole = png({ width: 40, height: 30, channels: 1, bytes: (place) => (place * place) % 3 });
    expect(await problemOf(whole.slice(0, end))).toMatch(/^a\.png: damaged or truncated PNG \(.*[^\s:]\)$/);
  });

  it('refuses a file with a flipped bit', async () => {
    const whole = png({ width: 40, height: 30, channels: 1, bytes: (place) => (place * place) % 3 });
    const middle = Math.floor(whole.length / 2);
    whole[middle] = (whole[middle] as number) ^ 16;
    expect(await problemOf(whole)).toMatch(/^a\.png: damaged or truncated PNG \(/);
  });

  it('names a missing file', async () => {
    const path = join(await temporaryFolder(), 'gone.png');
    await expect(readLabels(path, classList)).rejects.toThrow(
      `${path}: cannot be read (ENOENT: no such file or directory)`,
    );
  });
});
