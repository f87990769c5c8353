/** Computes by hand what is kept of the features of small and large datasets. */

import { ConfigError } from 'coarsely/errors';
import { type FeatureDemand, featureViews, planFeatures } from 'coarsely/quick';
import { describe, expect, test } from 'vitest';

/** MobileNetV2: 488 channels, 148 bytes for each cell at stride 4. */
const mobileNet = {
  backbone: { channels: [24, 32, 96, 320], stemChannels: 16, outputStride: 32 },
  taps: ['stem', 'stage1', 'stage2', 'stage3', 'stage4'],
  views: featureViews(),
  patchSize: 1,
  memoryMiB: 1024,
  diskMiB: 8192,
} as const satisfies Partial<FeatureDemand>;

const rowBytes = 2 * 488 + 21;

describe('planFeatures', () => {
  test('the maps of 367 images of 480×360 fit on the disk', () => {
    const plan = planFeatures({ ...mobileNet, images: 367, sizes: [{ width: 480, height: 360 }] });
    expect(plan.kept).toBe('maps');
    // (16 + 24) / 16 + 32 / 64 + 96 / 256 + 320 / 1024 numbers of two bytes for each pixel.
    expect(plan.mapBytes).toBe(367 * 480 * 360 * 2 * (40 / 16 + 32 / 64 + 96 / 256 + 320 / 1024));
    expect(plan.rowsPerView).toBe(Math.floor(2 ** 30 / (367 * rowBytes)));
    expect(plan.tableBytes).toBeLessThanOrEqual(2 ** 30);
    expect(plan.notice).toBe(
      'keeps at most 2,934 labeled pixels of each image, which fill quick.memoryMiB (1,024); the features of all 367 ' +
        'images take 446 MiB on disk',
    );
  });

  test('of 20,000 images of 2048×1024 chosen pixels are kept', () => {
    const plan = planFeatures({ ...mobileNet, images: 20_000, sizes: [{ width: 2048, height: 1024 }] });
    expect(plan.kept).toBe('rows');
    expect(plan.mapBytes / 1e9).toBeCloseTo(309.3, 1);
    expect(plan.rowsPerView).toBe(53);
    expect(plan.tableBytes).toBe(20_000 * 53 * rowBytes);
    expect(plan.tableBytes).toBeLessThanOrEqual(2 ** 30);
    expect(plan.notice).toBe(
      'keeps at most 53 labeled pixels of each image: the features of all 20,000 images would take 288.1 GiB on disk ' +
        '(quick.diskMiB is 8192), and quick.memoryMiB is 1024',
    );
  });

  test('views share the memory, patches take more of it', () => {
    const views = featureViews({ scales: [0.5, 1], flip: true });
    const demand = { ...mobileNet, images: 100, sizes: [{ width: 64, height: 64 }] };
    expect(planFeatures({ ...demand, views }).rowsPerView).toBe(Math.floor(2 ** 30 / (400 * rowBytes)));
    expect(planFeatures({ ...demand, views }).mapBytes).toBe(
      100 * (2 * 64 ** 2 + 2 * 32 ** 2) * 2 * (40 / 16 + 32 / 64 + 96 / 256 + 320 / 1024),
    );
    expect(planFeatures({ ...demand, patchSize: 3 }).rowBytes).toBe(9 * 2 * 488 + 21);
  });

  test('a base size counts instead of the image', () => {
    const demand = { ...mobileNet, images: 1, sizes: [{ width: 4000, height: 2000 }] };
    const own = planFeatures({ ...demand, sizes: [{ width: 400, height: 200 }] });
    expect(planFeatures({ ...demand, baseSize: [400, 200] }).mapBytes).toBe(own.mapBytes);
  });

  test('no notice where every cell is kept', () => {
    expect(planFeatures({ ...mobileNet, images: 4, sizes: [{ width: 480, height: 360 }] }).notice).toBeNull();
  });

  test('refuses a memory that does not hold a pixel of each image', () => {
    const plan = () =>
      planFeatures({ ...mobileNet, memoryMiB: 2, images: 3000, sizes: [{ width: 9, height: 9 }] });
    expect(plan).toThrow(ConfigError);
    expect(plan).toThrow(
      'quick.memoryMiB: expected at least 3, which holds one pixel of each of 3,000 images',
    );
  });
});
