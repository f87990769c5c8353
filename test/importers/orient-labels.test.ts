/** Turns labels as sharp turns the picture. */

import sharp from 'sharp';
import { expect, test } from 'vitest';
import { uprightLabels, uprightPixel, uprightSize } from '#importers/dataset/orient-labels.js';

const stored = { width: 5, height: 3 };
const values = Uint8Array.from({ length: 15 }, (_, pixel) => 10 * pixel);

test.each([1, 2, 3, 4, 5, 6, 7, 8])('orientation %i', async (orientation) => {
  const jpeg = await sharp(values, { raw: { ...stored, channels: 1 } })
    .withMetadata({ orientation })
    .png()
    .toBuffer();
  const { data, info } = await sharp(jpeg)
    .autoOrient()
    .toColourspace('b-w')
    .raw()
    .toBuffer({ resolveWithObject: true });
  expect(uprightSize(stored, orientation)).toEqual({ width: info.width, height: info.height });
  const turned = uprightLabels(values, { ...stored, orientation });
  expect([...turned]).toEqual([...data]);
  const { x, y } = uprightPixel({ x: 4, y: 1 }, { ...stored, orientation });
  expect(turned[y * info.width + x]).toBe(values[9]);
});
