/** Compares the image kernels of the engine with other decoders and with the same computation in TypeScript. */

import { deflateSync } from 'node:zlib';
import { augmentationOptions, RandomStream } from 'coarsely/data';
import { decode, encode } from 'fast-png';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { applyAugmentation, drawAugmentation, rowsShown } from '#data/augment/augment-sample.js';
import { requireImageKernels } from '#torch/image-kernels.js';
import { pngHeader, pngOf } from '../../fuzz/support/png-file.js';
import { png } from './dataset-folder.js';
import { augment } from './reference-augmentation.js';

const kernels = requireImageKernels();

function decodeRows(file: Uint8Array, rows: { first: number; count: number }): Uint8Array {
  const header = kernels.readPngHeader(file);
  if (header === null) throw new Error('expected a PNG that the engine takes');
  return kernels.decodePngRows(file, { header, ...rows });
}

/** Returns smooth areas, edges and noise, for which an encoder chooses every filter somewhere. */
function picture({
  width,
  height,
  channels,
}: {
  width: number;
  height: number;
  channels: number;
}): Uint8Array {
  const random = new RandomStream(3, [width, height, channels]);
  return Uint8Array.from({ length: width * height * channels }, (_, place) => {
    const pixel = Math.floor(place / channels);
    const [x, y] = [pixel % width, Math.floor(pixel / width)];
    const flat = (x >> 5) * 40 + (y >> 4) * 25;
    if (y % 32 < 8) return flat & 255;
    return (flat + x + 2 * y + random.integer(y % 32 < 20 ? 3 : 90)) & 255;
  });
}

describe('a header that claims more pixels than the file can hold', () => {
  it.each([
    [65_535, 65_535],
    [16_777_215, 2_147_483_647],
    [1, 4_294_967_295],
  ])('%i × %i is refused before memory is taken', (width, height) => {
    const header = pngHeader({ width, height, depth: 8, colorType: 2 });
    const file = pngOf({ header, rows: new Uint8Array(1000) });
    expect(() => kernels.readPngHeader(file)).toThrow(
      /expected at least \d+ compressed bytes for \d+ x \d+ pixels, received \d+: the file is truncated/,
    );
  });
});

describe('decodePngRows', () => {
  it.each([
    { channels: 1, type: 0 },
    { channels: 2, type: 4 },
    { channels: 3, type: 2 },
    { channels: 4, type: 6 },
  ] as const)('gives the pixels of $channels channels, all rows or some', async ({ channels, type }) => {
    const [width, height] = [203, 97];
    const pixels = picture({ width, height, channels });
    const file = new Uint8Array(
      await sharp(pixels, { raw: { width, height, channels } })
        .toColourspace(channels < 3 ? 'b-w' : 'srgb')
        .png({ adaptiveFiltering: true })
        .toBuffer(),
    );
    expect(kernels.readPngHeader(file)).toEqual({
      width,
      height,
      channels,
      colorType: type,
      hasMetadata: false,
    });
    expect(decodeRows(file, { first: 0, count: height })).toEqual(pixels);
    const row = width * channels;
    for (const [first, count] of [
      [0, 1],
      [1, 1],
      [40, 57],
      [96, 1],
      [5, 0],
    ] as const) {
      const some = decodeRows(file, { first, count });
      expect(some).toEqual(pixels.subarray(first * row, (first + count) * row));
    }
  });

  it.each([1, 2, 3, 4] as const)('undoes each filter, with %i bytes a pixel', (channels) => {
    // Five rows of the same differences, one for each filter.
    const width = 41;
    const rowBytes = width * channels;
    const differences = picture({ width, height: 5, channels });
    const stored = new Uint8Array(5 * (rowBytes + 1));
    for (let filter = 0; filter < 5; filter++) {
      stored[filter * (rowBytes + 1)] = filter;
      stored.set(
        differences.subarray(filter * rowBytes, (filter + 1) * rowBytes),
        filter * (rowBytes + 1) + 1,
      );
    }
    const plain = png({ width, height: 5, channels, bytes: () => 0 });
    const file = withPixels(plain, deflateSync(stored));
    expect(decodeRows(file, { first: 0, count: 5 })).toEqual(new Uint8Array(decode(file).data));
  });

  it('leaves other forms to other decoders', async () => {
    const pixels = picture({ width: 20, height: 10, channels: 3 });
    const image = sharp(pixels, { raw: { width: 20, height: 10, channels: 3 } });
    const deep = encode({ width: 2, height: 2, channels: 1, depth: 16, data: new Uint16Array(4) });
    const interlaced = await image.clone().png({ progressive: true }).toBuffer();
    const jpeg = await image.clone().jpeg().toBuffer();
    for (const file of [deep, interlaced, jpeg])
      expect(kernels.readPngHeader(new Uint8Array(file))).toBeNull();
    const turned = await image.clone().withMetadata({ orientation: 6 }).png().toBuffer();
    expect(kernels.readPngHeader(new Uint8Array(turned))?.hasMetadata).toBe(true);
  });

  it('refuses damaged files, wherever the damage is', () => {
    const file = png({ width: 64, height: 64, channels: 3, bytes: (place) => (place * place) & 255 });
    const last = { first: 0, count: 1 };
    for (let at = 40; at < file.length - 20; at += 97) {
      const damaged = file.slice();
      damaged[at] = (damaged[at] as number) ^ 1;
      expect(() => decodeRows(damaged, last)).toThrow(/(readPngHeader|decodePngRows): .*(damaged|truncated)/);
    }
    expect(() => decodeRows(file.subarray(0, file.length - 1), last)).toThrow('truncated');
    expect(() => decodeRows(file, { first: 60, count: 5 })).toThrow(
      /rows within the image's 64, received 5 from row 60/,
    );
  });
});

describe('a sample made by the engine', () => {
  it('is that of the TypeScript to the last bit, from the whole image or the rows it shows', () => {
    let partial = 0;
    for (let seed = 0; seed < 60; seed++) {
      const random = new RandomStream(seed, [9]);
      const [width, height] = [20 + random.integer(200), 20 + random.integer(120)];
      const image = picture({ width, height, channels: 3 });
      const labels = Uint8Array.from({ length: width * height }, (_, place) => (place % width) >> 4);
      const augmentation = augmentationOptions.parse({
        cropSize: [8 + random.integer(90), 8 + random.integer(90)],
        baseSize: seed % 3 === 0 ? [150, 60] : null,
        colorJitter: seed % 5 !== 0,
      });
      const draw = drawAugmentation(labels, {
        size: { width, height },
        augmentation,
        random: new RandomStream(seed, [2]),
      });
      const pixels = augmentation.cropSize[0] * augmentation.cropSize[1];
      const sample = () => ({ image: new Float32Array(3 * pixels), labels: new Uint8Array(pixels) });
      const [whole, part] = [sample(), sample()];
      applyAugmentation(draw, { image, labels, output: whole });
      expect(whole).toEqual(augment(draw, { image, labels }));
      const { first, count } = rowsShown(draw);
      if (count < height) partial++;
      const rows = image.slice(first * width * 3, (first + count) * width * 3);
      applyAugmentation(draw, { image: rows, firstRow: first, labels, output: part });
      expect(part).toEqual(whole);
    }
    expect(partial).toBeGreaterThan(20);
  });

  it('has the colors of the TypeScript for every red, green, blue, saturation and hue', () => {
    const size = 66;
    const levels = Array.from({ length: size }, (_, place) => Math.min(255, place * 4));
    const image = Uint8Array.from(
      levels.flatMap((r) => levels.flatMap((g) => levels.flatMap((b) => [r, g, b]))),
    );
    const [width, height] = [size * size, size];
    const region = {
      source: { width, height },
      scaled: { width, height },
      window: { left: 0, top: 0, width, height },
      mirrored: false,
    };
    const labels = new Uint8Array(width * height);
    const changes = [-18, -7, 0, 1, 17].map((hueShift) => ({
      hueShift,
      saturations: Uint8Array.from({ length: 256 }, (_, value) => Math.min(255, value * (1 + hueShift / 36))),
    }));
    for (const hsv of [...changes.map((change) => [change]), changes.slice(0, 2)]) {
      const draw = {
        region,
        colors: { before: null, hsv, after: null },
        cropSize: [height, width] as const,
      };
      const output = {
        image: new Float32Array(3 * width * height),
        labels: new Uint8Array(width * height),
      };
      applyAugmentation(draw, { image, labels, output });
      const expected = augment(draw, { image, labels });
      const [one, other] = [output, expected].map((sample) => Buffer.from(sample.image.buffer)) as [
        Buffer,
        Buffer,
      ];
      expect(Buffer.compare(one, other)).toBe(0);
    }
  });

  it('never reads or writes beyond its arrays', () => {
    const [bytes, floats] = [new Uint8Array(12), new Float32Array(768)];
    const taps = (...values: number[]) => Int32Array.from(values);
    const write = (columns: Int32Array, output: Float32Array) =>
      kernels.augmentImage(bytes, 2, columns, taps(0, 1, 0), new Uint8Array(0), floats, output, 2);
    expect(() => write(taps(0, 1, 0), new Float32Array(12))).not.toThrow();
    expect(() => write(taps(0, 2, 0), new Float32Array(12))).toThrow(
      'source positions from 0 to 1, received 2',
    );
    expect(() => write(taps(0, 0, 0, 1, 1, 1, 0, 0, 0), new Float32Array(12))).toThrow(
      'expected output to be longer',
    );
    expect(() => kernels.gatherLabels(bytes, 4, taps(4), taps(0), bytes, 4)).toThrow(
      'source positions from 0 to',
    );
    expect(() => kernels.gatherLabels(bytes, 4, taps(0), taps(3), bytes, 4)).toThrow(
      'source positions from 0 to',
    );
    expect(() => kernels.gatherLabels(bytes, 4, taps(0, 1), taps(0), bytes, 1)).toThrow(
      'expected output to be longer',
    );
  });
});

describe('countLabels', () => {
  it('counts the labels of some columns and rows', () => {
    const labels = Uint8Array.from({ length: 12 }, (_, place) => (place % 5 === 4 ? 255 : place % 5));
    const counts = new Int32Array(256).fill(7);
    kernels.countLabels(labels, 4, Int32Array.of(0, 3, 3), Int32Array.of(1, 2), counts);
    // Row 1 holds 255, 0, 1, 2 and row 2 holds 3, 255, 0, 1.
    const expected = new Int32Array(256);
    for (const label of [255, 2, 2, 3, 1, 1]) expected[label] = (expected[label] as number) + 1;
    expect(counts).toEqual(expected);
  });
});

describe('mapBytes', () => {
  it('gives each sample its meaning, and finds the first without one', () => {
    const meanings = new Int32Array(256).fill(-1);
    meanings.set([255, 7, 8]);
    const output = new Uint8Array(4);
    expect(kernels.mapBytes(Uint8Array.of(0, 9, 1, 9, 2, 9, 1, 9), 2, meanings, output)).toBe(-1);
    expect([...output]).toEqual([255, 7, 8, 7]);
    expect(kernels.mapBytes(Uint8Array.of(0, 1, 3, 2), 1, meanings, output)).toBe(2);
  });
});

/** Replaces the compressed pixels of a PNG, with the checksum that belongs to them. */
function withPixels(file: Uint8Array, compressed: Uint8Array): Uint8Array {
  const bytes = Buffer.from(file);
  const at = bytes.indexOf('IDAT') - 4;
  const end = at + 12 + bytes.readUInt32BE(at);
  const chunk = Buffer.alloc(compressed.length + 12);
  chunk.writeUInt32BE(compressed.length);
  chunk.write('IDAT', 4, 'latin1');
  chunk.set(compressed, 8);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, 8 + compressed.length)), 8 + compressed.length);
  return new Uint8Array(Buffer.concat([bytes.subarray(0, at), chunk, bytes.subarray(end)]));
}

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
