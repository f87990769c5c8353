import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readImage } from 'coarsely/data';
import { DataError } from 'coarsely/errors';
import { encode } from 'fast-png';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { openImage, readImageHeader } from '#data/images/image-file.js';
import { put, temporaryFolder } from './dataset-folder.js';
import { tiff } from './tiff-file.js';

interface PillowCase {
  readonly file: string;
  readonly width: number;
  readonly height: number;
  readonly pixels: readonly number[];
  readonly exact: boolean;
}

const pillow = JSON.parse(await readFile(new URL('pillow-images.json', import.meta.url), 'utf8')) as Record<
  string,
  PillowCase
>;

/** Writes a file and returns its path. */
async function written(name: string, content: Uint8Array): Promise<string> {
  const path = join(await temporaryFolder(), name);
  await put(path, content);
  return path;
}

const decoded = async (name: string, content: Uint8Array, reading = {}) => {
  const { image, width, height } = await readImage(await written(name, content), {
    channels: 3,
    range: null,
    ...reading,
  });
  return { pixels: [...image], width, height };
};

const fails = async (name: string, content: Uint8Array, reading = {}): Promise<string> => {
  const path = await written(name, content);
  const error = await readImage(path, { channels: 3, range: null, ...reading }).then(
    () => null,
    (cause: unknown) => cause,
  );
  expect(error).toBeInstanceOf(DataError);
  return (error as DataError).message.replace(path, name);
};

describe('an image file is read as Pillow reads it', () => {
  it.each(Object.entries(pillow))('%s', async (name, { file, width, height, pixels, exact }) => {
    const content = Buffer.from(file, 'base64');
    const channels = pixels.length / (width * height);
    const path = await written(name, content);
    const image = await readImage(path, { channels, range: null });
    expect([image.width, image.height]).toEqual([width, height]);
    const difference = pixels.map((value, place) => Math.abs(value - (image.image[place] as number)));
    expect(image.image.length).toBe(pixels.length);
    expect(Math.max(...difference)).toBeLessThanOrEqual(exact ? 0 : 2);
    expect(await readImageHeader(path, { channels, range: null })).toMatchObject({ width, height });
    const opened = await openImage(path, { channels, range: null });
    expect([...opened.rows({ first: 1, count: 1 })]).toEqual([
      ...image.image.subarray(width * channels, 2 * width * channels),
    ]);
  });

  it('AVIF of 8 and 10 bits', async () => {
    const gray = Uint8Array.from({ length: 16 * 16 * 3 }, (_, place) => (Math.floor(place / 3) % 16) * 10);
    for (const bitdepth of [8, 10] as const) {
      const file = await sharp(gray, { raw: { width: 16, height: 16, channels: 3 } })
        .avif({ lossless: true, bitdepth })
        .toBuffer();
      const { pixels } = await decoded('a.avif', file);
      // Its brightest pixel is 150 of 255 in 10 bits too, which no guess may take for a narrow range.
      expect(
        Math.max(...pixels.map((value, place) => Math.abs(value - (gray[place] as number)))),
      ).toBeLessThan(3);
    }
  });

  it('whatever its name says', async () => {
    const { file, pixels } = pillow['rgb.bmp'] as PillowCase;
    expect((await decoded('a.png', Buffer.from(file, 'base64'))).pixels).toEqual(pixels);
  });

  it('of several pages or frames the first, and the header counts them', async () => {
    for (const name of ['pages.tif', 'frames.gif']) {
      const path = await written(name, Buffer.from((pillow[name] as PillowCase).file, 'base64'));
      expect((await readImageHeader(path)).pages).toBe(2);
    }
  });
});

describe('an image of more than 8 bits', () => {
  const size = { width: 4, height: 1 };
  const gray16 = (values: readonly number[]) =>
    encode({ ...size, channels: 1, depth: 16, data: Uint16Array.from(values) });

  it('uses the whole range of 16 bits where none is stated', async () => {
    const { pixels } = await decoded('a.png', gray16([0, 255, 256, 65535]), { channels: 1 });
    expect(pixels).toEqual([0, 0, 1, 255]);
  });

  it('is scaled by the stated range, rounded and cut off', async () => {
    const { pixels } = await decoded('a.png', gray16([0, 1000, 4095, 5000]), {
      channels: 1,
      range: [0, 4095],
    });
    expect(pixels).toEqual([0, 62, 255, 255]);
  });

  it('is refused where it would be nearly black', async () => {
    expect(await fails('a.png', gray16([0, 1000, 4000, 2000]))).toBe(
      'a.png: 16-bit values from 0 to 4000, which would be nearly black; say which values are black and white: ' +
        'data.imageRange=[0,4095], or predict --image-range 0,4095; or 0 and 65535 if it is as dark as that',
    );
    expect((await decoded('a.png', gray16([0, 0, 0, 0]))).pixels).toEqual(new Array(12).fill(0));
  });

  it('of floats or signed values needs a range', async () => {
    const float = tiff({ ...size, channels: 1, values: Float32Array.of(-1.5, 0, 1, 2.5) });
    expect(await fails('a.tif', float)).toMatch(
      /32-bit float values from -1.5 to 2.5; say which .*imageRange=\[-1.5,2.5\]/,
    );
    expect((await decoded('a.tif', float, { channels: 1, range: [-1.5, 2.5] })).pixels).toEqual([
      0, 96, 159, 255,
    ]);
    for (const values of [Int16Array.of(-100, 0, 100, 200), Int32Array.of(-100, 0, 100, 200)]) {
      const file = tiff({ ...size, channels: 1, values });
      expect(await fails('a.tif', file)).toContain('values from -100 to 200');
      expect((await decoded('a.tif', file, { channels: 1, range: [-100, 200] })).pixels).toEqual([
        0, 85, 170, 255,
      ]);
    }
    const hole = tiff({ ...size, channels: 1, values: Float32Array.of(0, Number.NaN, 1, 2) });
    expect(await fails('a.tif', hole, { range: [0, 2] })).toBe(
      'a.tif: the value at pixel (1, 0) is not a number; give such pixels a value',
    );
  });
});

describe('the channels of an image', () => {
  const size = { width: 3, height: 2 };
  const counting = (channels: number, colors?: number) =>
    tiff({
      ...size,
      channels,
      values: Uint8Array.from({ length: 6 * channels }, (_, place) => place),
      ...(colors !== undefined && { colors }),
    });

  it.each([1, 2, 3, 4, 5, 8])('%i are kept in their order, behind RGB or gray', async (channels) => {
    const values = Array.from({ length: 6 * channels }, (_, place) => place);
    expect((await decoded('a.tif', counting(channels), { channels })).pixels).toEqual(values);
    expect((await decoded('a.tif', counting(channels, 1), { channels })).pixels).toEqual(values);
    const deep = tiff({
      ...size,
      channels,
      values: Uint16Array.from(values, (value) => value * 1000),
      colors: 1,
    });
    const range = [0, 255_000] as const;
    expect((await decoded('a.tif', deep, { channels, range })).pixels).toEqual(values);
    const float = tiff({ ...size, channels, values: Float32Array.from(values), colors: 1 });
    expect((await decoded('a.tif', float, { channels, range: [0, 255] })).pixels).toEqual(values);
  });

  it('have a range each', async () => {
    const values = Uint16Array.of(0, 100, 10, 50, 20, 100, 30, 0, 40, 10, 50, 20);
    const file = tiff({ ...size, channels: 2, values });
    const range = [
      [0, 51],
      [0, 255],
    ] as const;
    const { pixels } = await decoded('a.tif', file, { channels: 2, range });
    expect(pixels).toEqual([0, 100, 50, 50, 100, 100, 150, 0, 200, 10, 250, 20]);
  });

  it('that do not fit are refused with both numbers', async () => {
    const expected = (stored: string, wanted: number) =>
      `a.tif: has ${stored}, expected ${wanted}; data.channels says how many images have`;
    expect(await fails('a.tif', counting(5))).toBe(expected('5 channels', 3));
    expect(await fails('a.tif', counting(3), { channels: 4 })).toBe(expected('3 channels', 4));
    expect(await fails('a.tif', counting(1), { channels: 4 })).toBe(expected('1 channel', 4));
    const path = await written('a.tif', counting(5));
    await expect(readImageHeader(path)).rejects.toThrow('has 5 channels, expected 3');
  });

  it('a gray image in colors counts as gray, any other does not', async () => {
    const equal = tiff({
      ...size,
      channels: 3,
      values: Uint8Array.from({ length: 18 }, (_, at) => Math.floor(at / 3)),
    });
    expect((await decoded('a.tif', equal, { channels: 1 })).pixels).toEqual([0, 1, 2, 3, 4, 5]);
    expect(await fails('a.tif', counting(3), { channels: 1 })).toBe(
      'a.tif: has colors, expected gray, as data.channels is 1',
    );
  });
});

describe('a file that is no image says why', () => {
  const cut = (name: string, share = 0.6) => {
    const content = Buffer.from((pillow[name] as PillowCase).file, 'base64');
    return content.subarray(0, content.length * share);
  };

  it.each([
    ['empty.png', new Uint8Array(0), 'empty.png: is empty; copy or download it again'],
    ['cut.bmp', cut('rgb.bmp'), 'cut.bmp: cannot be decoded as an image (the BMP is cut off)'],
    ['cut.bmp', cut('runs-8.bmp', 0.99), 'cut.bmp: cannot be decoded as an image (the BMP is cut off)'],
    ['cut.tif', cut('lzw.tif'), 'cut.tif: cannot be decoded as an image (the TIFF is damaged or cut off)'],
    [
      'text.jpg',
      Buffer.from('not an image'),
      'text.jpg: cannot be decoded as an image (its content is none of PNG, JPEG, WebP, TIFF, BMP, GIF or AVIF)',
    ],
    [
      'ycbcr.tif',
      tiff({ width: 1, height: 1, channels: 3, values: Uint8Array.of(1, 2, 3), colors: 6 }),
      'ycbcr.tif: cannot be decoded as an image (a TIFF of YCbCr colors is not supported; save it as RGB)',
    ],
  ])('%s', async (name, content, message) => {
    expect(await fails(name, content)).toBe(message);
  });

  it.each(['progressive.jpe', 'rgb.gif', 'lossless.webp', 'raw.tif'])('%s, cut off', async (name) => {
    expect(await fails(name, cut(name))).toMatch(/cannot be decoded as an image \(.+\)$/);
  });
});
