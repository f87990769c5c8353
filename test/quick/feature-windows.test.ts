/** Checks how large images are divided, and that the parts are put together without a seam. */

import { tidy } from 'coarsely/torch';
import { afterEach, expect, test } from 'vitest';
import { FeatureNetwork } from '#quick/feature-network.js';
import { windowsOf } from '#quick/feature-windows.js';
import { disposeBackbones, memoryDataset, smallBackbone } from './table-fixture.js';

afterEach(disposeBackbones);

test('an image of a usual size is read whole', () => {
  const whole = { shown: { first: 0, count: 1024 }, kept: { first: 0, count: 1024 } };
  expect(windowsOf({ width: 2048, height: 1024 })).toEqual([
    [{ rows: whole, columns: { shown: { first: 0, count: 2048 }, kept: { first: 0, count: 2048 } } }],
  ]);
});

test.each([
  { width: 5000, height: 3001 },
  { width: 9000, height: 500 },
  { width: 4097, height: 1025 },
])('the windows of $width×$height cover it once and are not too large', (size) => {
  const windows = windowsOf(size);
  expect(windows.flat().length).toBeGreaterThan(1);
  for (const [spans, length] of [
    [windows.map(([window]) => window?.rows), size.height],
    [windows[0]?.map(({ columns }) => columns), size.width],
  ] as const) {
    let end = 0;
    for (const span of spans ?? []) {
      const { shown, kept } = span as NonNullable<typeof span>;
      expect(kept.first).toBe(end);
      end = kept.first + kept.count;
      // Cells of all strides begin where a window begins.
      expect([shown.first % 32, kept.first % 32]).toEqual([0, 0]);
      expect(shown.first).toBe(Math.max(0, kept.first - 256));
      expect(shown.first + shown.count).toBe(Math.min(length, end + 256));
    }
    expect(end).toBe(length);
  }
  for (const { rows, columns } of windows.flat()) {
    expect(rows.shown.count * columns.shown.count).toBeLessThanOrEqual(2816 ** 2);
  }
});

test('maps of windows have the size of the whole, and its features away from seams', async () => {
  const size = { width: 4111, height: 1030 };
  const backbone = smallBackbone();
  using network = new FeatureNetwork(backbone, {
    taps: ['stage1'],
    normalization: { mean: [0, 0, 0], std: [255, 255, 255] },
    precision: 'float32',
  });
  const sample = await memoryDataset(1, size).read(0);
  const rowBytes = 3 * size.width;
  const image = {
    ...size,
    rows: ({ first, count }: { first: number; count: number }) =>
      sample.image.subarray(first * rowBytes, (first + count) * rowBytes),
  };
  tidy(() => {
    const [map] = network.maps(image, { scale: 1, mirrored: false }) as [
      ReturnType<typeof network.maps>[number],
    ];
    expect(map.shape).toEqual([1, 64, 258, 1028]);
    // The first stage sees 43 pixels, which a margin of 256 holds: a part of the image gives the same features.
    const part = { width: 512, height: 256 };
    const cut = {
      ...part,
      rows: ({ first, count }: { first: number; count: number }) => {
        const bytes = new Uint8Array(3 * part.width * count);
        for (let row = 0; row < count; row++) {
          const start = (512 + first + row) * rowBytes + 3 * 1280;
          bytes.set(sample.image.subarray(start, start + 3 * part.width), 3 * part.width * row);
        }
        return bytes;
      },
    };
    const [own] = network.maps(cut, { scale: 1, mirrored: false }) as [
      ReturnType<typeof network.maps>[number],
    ];
    // Columns 1280 … 1791 hold the seam at 1536.
    const seam = map.narrow(2, 128 + 16, 32).narrow(3, 320 + 16, 96);
    expect(seam).toBeAllclose(own.narrow(2, 16, 32).narrow(3, 16, 96), { absolute: 1e-2, relative: 5e-3 });
  });
});
