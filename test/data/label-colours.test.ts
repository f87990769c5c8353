/** Label maps made visible, and written so that they can be read back. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  colourLabels,
  defaultPalette,
  overlayLabels,
  readImage,
  readLabels,
  writeColourPng,
  writeLabelPng,
  writePaletteLabelPng,
} from 'coarsely/data';
import { describe, expect, it } from 'vitest';
import { temporaryFolder, threeClasses } from './dataset-folder.js';

const classes = threeClasses.classes.map(({ name, color }) => ({
  name,
  color: color as [number, number, number],
}));
const labels = Uint8Array.from([0, 1, 255, 2, 2, 0]);
const size = { width: 3, height: 2 };

describe('label colours', () => {
  it('shows classes in their colours and ignored pixels black', () => {
    expect([...colourLabels(labels, classes).subarray(0, 9)]).toEqual([128, 64, 128, 0, 0, 142, 0, 0, 0]);
  });

  it('blends colours over an image, and leaves it alone where labels are ignored', () => {
    const image = new Uint8Array(18).fill(100);
    const blended = overlayLabels(image, { labels, classes, alpha: 0.25 });
    expect([...blended.subarray(0, 9)]).toEqual([107, 91, 107, 75, 75, 111, 100, 100, 100]);
    expect(image.every((value) => value === 100)).toBe(true);
  });

  it('has a default palette of different colours, none black', () => {
    const palette = defaultPalette(255);
    expect(palette.slice(0, 3)).toEqual([
      [128, 0, 0],
      [0, 128, 0],
      [128, 128, 0],
    ]);
    expect(new Set(palette.map(String)).size).toBe(255);
    expect(palette.map(String)).not.toContain('0,0,0');
  });

  it('writes grey, palette and colour PNGs that read back as the same labels', async () => {
    const folder = await temporaryFolder();
    const [grey, palette, colour] = ['grey.png', 'palette.png', 'colour.png'].map((name) =>
      join(folder, name),
    ) as [string, string, string];
    await writeLabelPng(grey, { pixels: labels, size });
    await writePaletteLabelPng(palette, { pixels: labels, size, classes });
    await writeColourPng(colour, { pixels: colourLabels(labels, classes), size });
    for (const path of [grey, palette, colour]) {
      const map = await readLabels(path, { classes, ignoredValue: 255 });
      expect([map.width, map.height, ...map.labels]).toEqual([3, 2, ...labels]);
    }
    // Colour types of the PNG header: 0 grey, 3 palette, 2 RGB; all of 8 bits.
    const types = await Promise.all(
      [grey, palette, colour].map(async (path) => (await readFile(path)).subarray(24, 26)),
    );
    expect(types.map((bytes) => [...bytes])).toEqual([
      [8, 0],
      [8, 3],
      [8, 2],
    ]);
    expect((await readImage(palette)).image).toEqual(Buffer.from(colourLabels(labels, classes)));
  });
});
