/** Label maps made visible, and written so that they can be read back. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  colorLabels,
  overlayLabels,
  readImage,
  readLabels,
  writeColorPng,
  writeLabelPng,
  writePaletteLabelPng,
} from 'coarsely/data';
import { describe, expect, it } from 'vitest';
import { defaultPalette } from '#data/images/palette.js';
import { temporaryFolder, threeClasses } from './dataset-folder.js';

const classes = threeClasses.classes.map(({ name, color }) => ({
  name,
  color: color as [number, number, number],
}));
const labels = Uint8Array.from([0, 1, 255, 2, 2, 0]);
const size = { width: 3, height: 2 };

describe('label colors', () => {
  it('shows classes in their colors and ignored pixels black', () => {
    expect([...colorLabels(labels, classes).subarray(0, 9)]).toEqual([128, 64, 128, 0, 0, 142, 0, 0, 0]);
  });

  it('blends colors over an image, and leaves it alone where labels are ignored', () => {
    const image = new Uint8Array(18).fill(100);
    const blended = overlayLabels(image, { labels, classes, alpha: 0.25 });
    expect([...blended.subarray(0, 9)]).toEqual([107, 91, 107, 75, 75, 111, 100, 100, 100]);
    expect(image.every((value) => value === 100)).toBe(true);
  });

  it('has a default palette of different colors, none black', () => {
    const palette = defaultPalette(255);
    expect(palette.slice(0, 3)).toEqual([
      [128, 0, 0],
      [0, 128, 0],
      [128, 128, 0],
    ]);
    expect(new Set(palette.map(String)).size).toBe(255);
    expect(palette.map(String)).not.toContain('0,0,0');
  });

  it('writes gray, palette and color PNGs that read back as the same labels', async () => {
    const folder = await temporaryFolder();
    const [gray, palette, color] = ['gray.png', 'palette.png', 'color.png'].map((name) =>
      join(folder, name),
    ) as [string, string, string];
    await writeLabelPng(gray, { pixels: labels, size });
    await writePaletteLabelPng(palette, { pixels: labels, size, classes });
    await writeColorPng(color, { pixels: colorLabels(labels, classes), size });
    for (const path of [gray, palette, color]) {
      const map = await readLabels(path, { classes, ignoredValue: 255 });
      expect([map.width, map.height, ...map.labels]).toEqual([3, 2, ...labels]);
    }
    // Color types of the PNG header: 0 gray, 3 palette, 2 RGB; all of 8 bits.
    const types = await Promise.all(
      [gray, palette, color].map(async (path) => (await readFile(path)).subarray(24, 26)),
    );
    expect(types.map((bytes) => [...bytes])).toEqual([
      [8, 0],
      [8, 3],
      [8, 2],
    ]);
    expect((await readImage(palette)).image).toEqual(Buffer.from(colorLabels(labels, classes)));
  });
});
