/** Compares resizing and colors with values that OpenCV computed (opencv-golden.py). */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { linearTable } from '#data/augment/color-changes.js';
import { changeHsv, resizeImageRegion, resizeLabelRegion } from './reference-augmentation.js';

interface Golden {
  readonly resizes: readonly {
    source: [number, number];
    scaled: [number, number];
    linear: string;
    nearest: string;
  }[];
  readonly tables: readonly { factor: number; offset: number; values: string }[];
  readonly colourChanges: readonly { saturation: number | null; hue: number | null; values: string }[];
  /** Holds the same colors in one row, for which OpenCV uses vector instructions. */
  readonly wideChanges: readonly { saturation: number | null; hue: number | null; values: string }[];
}

const golden = JSON.parse(readFileSync(new URL('./opencv-golden.json', import.meta.url), 'utf8')) as Golden;
const bytes = (encoded: string): Uint8Array => Uint8Array.from(Buffer.from(encoded, 'base64'));

function pattern(width: number, height: number): Uint8Array {
  return Uint8Array.from({ length: width * height * 3 }, (_, at) => {
    const c = at % 3;
    const x = Math.floor(at / 3) % width;
    const y = Math.floor(at / 3 / width);
    return (x * 37 + y * 91 + c * 53 + x * y * 7 + Math.floor((x * x * 3) / 2)) % 256;
  });
}

function colors(): Uint8Array {
  const levels = [0, 1, 17, 64, 99, 128, 180, 200, 254, 255];
  return Uint8Array.from(levels.flatMap((r) => levels.flatMap((g) => levels.flatMap((b) => [r, g, b]))));
}

describe.each(golden.resizes)('resize $source to $scaled', ({ source, scaled, linear, nearest }) => {
  const size = ([width, height]: [number, number]) => ({ width, height });
  const whole = { left: 0, top: 0, ...size(scaled) };
  const image = pattern(...source);

  it('gives OpenCV’s INTER_LINEAR, to the last bit', () => {
    const region = { source: size(source), scaled: size(scaled), window: whole, mirrored: false };
    expect(resizeImageRegion(image, region)).toEqual(bytes(linear));
  });

  it('gives OpenCV’s INTER_NEAREST', () => {
    const into = new Uint8Array(scaled[0] * scaled[1]);
    const labels = image.filter((_, at) => at % 3 === 0);
    const region = { source: size(source), scaled: size(scaled), window: whole, mirrored: false };
    resizeLabelRegion(labels, { ...region, into, rowLength: scaled[0] });
    expect(into).toEqual(bytes(nearest));
  });

  it('gives the same pixels in a mirrored window', () => {
    const [width, height] = scaled;
    const window = { left: 1, top: 0, width: width - 2, height };
    const region = { source: size(source), scaled: size(scaled), window, mirrored: true };
    const all = bytes(linear);
    const expected: number[] = [];
    for (let y = 0; y < height; y++) {
      for (let x = width - 2; x >= 1; x--)
        expected.push(...all.subarray((y * width + x) * 3, (y * width + x + 1) * 3));
    }
    expect([...resizeImageRegion(image, region)]).toEqual(expected);
  });
});

describe('colors', () => {
  it.each(golden.tables)('factor $factor, offset $offset', ({ factor, offset, values }) => {
    expect(linearTable(factor, offset)).toEqual(bytes(values));
  });

  it.each(golden.colourChanges)('saturation $saturation, hue $hue in HSV', ({ saturation, hue, values }) => {
    const pixels = colors();
    changeHsv(pixels, { saturations: linearTable(saturation ?? 1, 0), hueShift: hue ?? 0 });
    const expected = bytes(values);
    const differences = pixels.map((value, at) => Math.abs(value - (expected[at] as number)));
    // OpenCV converts back in 32-bit floats, fused or not depending on the processor, so ties may fall either way.
    expect(Math.max(...differences)).toBeLessThanOrEqual(1);
    expect(differences.filter((difference) => difference > 0).length).toBeLessThan(0.002 * pixels.length);
  });

  it.each(golden.wideChanges)(
    'saturation $saturation, hue $hue: OpenCV cuts fractions off in rows of many pixels, which is at most 1 less',
    ({ saturation, hue, values }) => {
      const pixels = colors();
      changeHsv(pixels, { saturations: linearTable(saturation ?? 1, 0), hueShift: hue ?? 0 });
      const expected = bytes(values);
      const differences = [...pixels].map((value, at) => value - (expected[at] as number));
      expect(new Set(differences)).toEqual(new Set([0, 1]));
      const share = differences.filter((difference) => difference === 1).length / pixels.length;
      expect(share).toBeGreaterThan(0.15);
      expect(share).toBeLessThan(0.4);
    },
  );
});
