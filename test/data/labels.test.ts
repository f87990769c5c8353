/** Tests labels that are shown over images and written to files, and the default colors of classes. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeLabelPng, overlayLabels, readLabels } from 'coarsely/data';
import { encode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { defaultPalette } from '#data/classes.js';
import { put, temporaryFolder, threeClasses } from './dataset-folder.js';

const classes = threeClasses.classes.map(({ name, color }) => ({
  name,
  color: color as [number, number, number],
}));
const labels = Uint8Array.from([0, 1, 255, 2, 2, 0]);
const size = { width: 3, height: 2 };

describe('label colors', () => {
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

  it('are written as gray PNGs, and read from gray, palette and color PNGs alike', async () => {
    const folder = await temporaryFolder();
    const palette = Array.from({ length: 256 }, (_, index) => classes[index]?.color ?? [0, 0, 0]);
    const colors = Uint8Array.from([...labels].flatMap((label) => palette[label] as number[]));
    const files = {
      gray: encodeLabelPng(labels, size),
      palette: encode({ ...size, channels: 1, depth: 8, data: labels, palette }),
      color: encode({ ...size, channels: 3, depth: 8, data: colors }),
    };
    for (const [name, file] of Object.entries(files)) {
      const path = join(folder, `${name}.png`);
      await put(path, file);
      const map = await readLabels(path, { classes, ignoredValue: 255 });
      expect([map.width, map.height, ...map.labels]).toEqual([3, 2, ...labels]);
    }
    // The header holds depth and color type: 8 bits, and 0 for gray.
    expect([...(await readFile(join(folder, 'gray.png'))).subarray(24, 26)]).toEqual([8, 0]);
  });
});
