/** Checks that images which are not decoded into memory get the same labels, and that bombs end in one line. */

import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { predictInputs, type SegmentationModel } from 'coarsely/evaluation';
import { ops, type Tensor } from 'coarsely/torch';
import { decode } from 'fast-png';
import sharp, { type Sharp } from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mostPixelsInMemory, openLargeImage } from '#data/images/large-image.js';

const classes = [
  { name: 'dark', color: [0, 0, 0] as const },
  { name: 'bright', color: [255, 255, 255] as const },
  { name: 'red', color: [255, 0, 0] as const },
];

/** Predicts red where red exceeds green, and otherwise bright or dark, at a quarter of the size. */
const model: SegmentationModel = {
  training: false,
  train: () => model,
  forward: (input: Tensor) => ({ logitsNCHW: ops.resizeBilinear(logits(input), input.shape.slice(2)) }),
  forwardLogits: (input: Tensor) => ({ logitsNCHW: logits(input) }),
};

function logits(input: Tensor): Tensor {
  const [, , height = 0, width = 0] = input.shape;
  const small = ops.resizeBilinear(input, [Math.ceil(height / 4), Math.ceil(width / 4)]);
  const [red, green, blue] = [0, 1, 2].map((channel) => small.narrow(1, channel, 1)) as [
    Tensor,
    Tensor,
    Tensor,
  ];
  const out = small.mul(1);
  out.narrow(1, 0, 1).copy_(blue.mul(-1));
  out.narrow(1, 1, 1).copy_(blue);
  out.narrow(1, 2, 1).copy_(red.sub(green));
  return out;
}

const window = { cropSize: [600, 800] as const, stride: [600, 800] as const };
// A little more than what is decoded into memory.
const size = { width: 8800, height: 6000 };

describe('images that are too large for memory', () => {
  let folder: string;
  let parts: Sharp;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'coarsely-large-'));
    expect(size.width * size.height).toBeGreaterThan(mostPixelsInMemory);
    const noise = { type: 'gaussian' as const, mean: 128, sigma: 70 };
    const background = { r: 0, g: 0, b: 0 };
    const small = await sharp({ create: { width: 110, height: 75, channels: 3, background, noise } })
      .png()
      .toBuffer();
    const large = sharp(small).resize(size.width, size.height, { kernel: 'nearest' });
    await large.clone().png({ compressionLevel: 1 }).toFile(join(folder, 'a.png'));
    await large.clone().jpeg({ quality: 90 }).toFile(join(folder, 'b.jpg'));
    const tiles = { tile: true, tileWidth: 256, tileHeight: 256, compression: 'deflate' as const };
    await large.clone().tiff(tiles).toFile(join(folder, 'c.tif'));
    parts = sharp(join(folder, 'a.png'));
  }, 120_000);
  afterAll(() => rm(folder, { recursive: true }));

  test.each(['a.png', 'b.jpg', 'c.tif'])(
    '%s has the labels of its parts, which are predicted in memory',
    async (name) => {
      const output = join(folder, `out-${name}`);
      const options = { classes, window, precision: 'float32' as const };
      const summary = await predictInputs(model, [join(folder, name)], { ...options, output });
      expect(summary.skipped).toEqual([]);
      const overlay = summary.written[0]?.overlay as string;
      expect(summary.reducedOverlays).toEqual([{ overlay, width: 4400, height: 3000 }]);
      const { width, height } = await sharp(overlay).metadata();
      expect({ width, height }).toEqual({ width: 4400, height: 3000 });
      const labels = decode(await readFile(summary.written[0]?.labels as string));
      expect(labels).toMatchObject({ ...size, depth: 8, channels: 1 });
      expect(new Set(labels.data).size).toBe(3);

      // Windows do not overlap, so that a part which ends between them has the same labels.
      const part = { left: 1600, top: 3000, width: 1600, height: 1200 };
      const inMemory = join(folder, `part-${name}.png`);
      await sharp(join(folder, name)).extract(part).png().toFile(inMemory);
      const partOutput = join(folder, `out-part-${name}`);
      const { written } = await predictInputs(model, [inMemory], { ...options, output: partOutput });
      const expected = decode(await readFile(written[0]?.labels as string));
      let different = 0;
      for (let y = 0; y < part.height; y += 1) {
        const from = (part.top + y) * size.width + part.left;
        const own = labels.data.subarray(from, from + part.width);
        const wanted = expected.data.subarray(y * part.width, (y + 1) * part.width);
        for (const [x, label] of own.entries()) if (label !== wanted[x]) different += 1;
      }
      expect(different).toBe(0);
    },
    120_000,
  );

  test('rows have the pixels that a decoder gives, in any order, and no file is left behind', async () => {
    const before = (await readdir(tmpdir())).filter((name) => name.startsWith('coarsely-')).length;
    using image = await openLargeImage(join(folder, 'a.png'));
    expect({ width: image.width, height: image.height }).toEqual(size);
    const after = (await readdir(tmpdir())).filter((name) => name.startsWith('coarsely-')).length;
    expect(after).toBeLessThanOrEqual(before);
    for (const first of [5990, 0, 77]) {
      const region = { left: 0, top: first, width: size.width, height: 10 };
      const expected = await parts.clone().extract(region).raw().toBuffer();
      expect(Buffer.compare(image.rows({ first, count: 10 }), expected)).toBe(0);
    }
  });
});

describe('a file that claims more pixels than it holds', () => {
  /** Writes the header of a PNG and nothing behind it. */
  async function bomb(path: string, [width, height]: readonly [number, number]): Promise<void> {
    const tiny = await sharp({ create: { width: 1, height: 1, channels: 3, background: 'red' } })
      .png()
      .toBuffer();
    tiny.writeUInt32BE(width, 16);
    tiny.writeUInt32BE(height, 20);
    tiny.writeUInt32BE(crc32(tiny.subarray(12, 29)), 29);
    await writeFile(path, tiny);
  }

  test.each([
    [60_000, 60_000, /claims 60000×60000 pixels in \d+ bytes/],
    [9000, 9000, /cannot be decoded as an image/],
  ])('%i × %i is named in one line, and the other image is predicted', async (width, height, reason) => {
    const folder = await mkdtemp(join(tmpdir(), 'coarsely-bomb-'));
    try {
      await bomb(join(folder, 'bomb.png'), [width, height]);
      await sharp({ create: { width: 20, height: 10, channels: 3, background: 'red' } })
        .png()
        .toFile(join(folder, 'sound.png'));
      const summary = await predictInputs(model, [folder], { classes, output: join(folder, 'out') });
      expect(summary.written.map(({ image }) => image)).toEqual([join(folder, 'sound.png')]);
      expect(summary.skipped).toHaveLength(1);
      expect(summary.skipped[0]?.reason).toMatch(reason);
      expect(summary.skipped[0]?.reason).not.toContain('\n');
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
