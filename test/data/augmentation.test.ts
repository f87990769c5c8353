/** Compares the augmentation with values computed by hand. */

import {
  type Augmentation,
  augmentationOptions,
  imageNetNormalization,
  normalizeImage,
  RandomStream,
  type Sample,
  type SegmentationDataset,
} from 'coarsely/data';
import { describe, expect, it } from 'vitest';
import { drawColorChanges } from '#data/augment/color-changes.js';
import { chooseCrop } from '#data/augment/crop-window.js';
import { scaledToFit } from '#data/images/size.js';
import { SampleProducer } from '#data/loader/sample-producer.js';
import { requireImageKernels } from '#torch/image-kernels.js';
import { changeColors } from './reference-augmentation.js';

const still: Augmentation = {
  baseSize: null,
  ratioRange: [1, 1],
  cropSize: [2, 3],
  categoryMaxRatio: 1,
  flip: 0,
  colorJitter: false,
};

function sampleOf(width: number, height: number, value: (place: number) => number): Sample {
  const image = Uint8Array.from({ length: width * height * 3 }, (_, place) => value(place));
  const labels = Uint8Array.from({ length: width * height }, (_, place) => place % 200);
  return { name: 'sample', width, height, image, labels };
}

async function augmented(sample: Sample, augmentation: Augmentation, seed = 0) {
  const dataset: SegmentationDataset = {
    classes: [],
    length: 1,
    name: () => sample.name,
    read: async () => sample,
  };
  const pixels = augmentation.cropSize[0] * augmentation.cropSize[1];
  const output = { image: new Float32Array(3 * pixels).fill(9), labels: new Uint8Array(pixels).fill(9) };
  const producer = new SampleProducer(dataset, {
    augmentation,
    normalization: imageNetNormalization,
    seed,
    cacheBytes: 0,
  });
  await producer.produce({ epoch: 0, index: 0, output });
  return output;
}

const { mean, std } = imageNetNormalization;
const normalized = (value: number, channel: 0 | 1 | 2): number =>
  Math.fround((value - (mean[channel] as number)) / (std[channel] as number));

describe('an augmented sample', () => {
  it('leaves an image of the crop’s size as it is, normalized plane by plane', async () => {
    const sample = sampleOf(3, 2, (place) => place * 10);
    const { image, labels } = await augmented(sample, still);
    expect([...labels]).toEqual([0, 1, 2, 3, 4, 5]);
    const expected = [0, 1, 2].flatMap((channel) =>
      [0, 1, 2, 3, 4, 5].map((pixel) => normalized(pixel * 30 + channel * 10, channel as 0 | 1 | 2)),
    );
    expect([...image]).toEqual(expected);
    expect([...normalizeImage(sample.image, { width: 3, height: 2 })]).toEqual(expected);
  });

  it('mirrors image and labels together', async () => {
    const sample = sampleOf(3, 2, (place) => place);
    const { image, labels } = await augmented(sample, { ...still, flip: 1 });
    expect([...labels]).toEqual([2, 1, 0, 5, 4, 3]);
    expect([...image.subarray(0, 3)]).toEqual([6, 3, 0].map((value) => normalized(value, 0)));
  });

  it('pads below and to the right: 0 after normalization, 255 in the labels', async () => {
    const sample = sampleOf(2, 1, () => 200);
    const { image, labels } = await augmented(sample, still);
    expect([...labels]).toEqual([0, 1, 255, 255, 255, 255]);
    const red = normalized(200, 0);
    expect([...image.subarray(0, 6)]).toEqual([red, red, 0, 0, 0, 0]);
  });

  it('doubles: bilinear between pixel centers, labels by the nearest', async () => {
    // Two pixels, 0 and 100, become four with centers at −0.25, 0.25, 0.75 and 1.25 of the source.
    const sample = sampleOf(2, 1, (place) => (place < 3 ? 0 : 100));
    const { image, labels } = await augmented(sample, { ...still, ratioRange: [2, 2], cropSize: [2, 4] });
    expect([...labels]).toEqual([0, 0, 1, 1, 0, 0, 1, 1]);
    expect([...image.subarray(0, 4)]).toEqual([0, 25, 75, 100].map((value) => normalized(value, 0)));
  });

  it('fits into the base size before the ratio', async () => {
    const sample = sampleOf(8, 4, () => 50);
    const { labels } = await augmented(sample, { ...still, baseSize: [4, 4], cropSize: [2, 4] });
    expect([...labels]).toEqual([0, 2, 4, 6, 16, 18, 20, 22]);
  });

  it('keeps image and labels together through every step', async () => {
    // Red and label have the same value, which ratio 1 keeps exactly.
    const width = 40;
    const sample = sampleOf(width, 30, (place) => Math.floor(place / 3) % 200);
    const augmentation = {
      ...still,
      cropSize: [17, 13] as [number, number],
      flip: 0.5,
      categoryMaxRatio: 0.75,
    };
    for (let seed = 0; seed < 20; seed++) {
      const { image, labels } = await augmented(sample, augmentation, seed);
      expect([...image.subarray(0, labels.length)]).toEqual([...labels].map((label) => normalized(label, 0)));
    }
  });

  it('is the same for the same draws, and different for others', async () => {
    const sample = sampleOf(40, 30, (place) => (place * 7) % 256);
    const augmentation = augmentationOptions.parse({ cropSize: [16, 16] });
    const first = await augmented(sample, augmentation, 1);
    expect(await augmented(sample, augmentation, 1)).toEqual(first);
    expect(await augmented(sample, augmentation, 2)).not.toEqual(first);
  });

  it('refuses a sample without labels', async () => {
    const sample = { ...sampleOf(2, 2, () => 0), labels: null };
    await expect(augmented(sample, still)).rejects.toThrow('sample: has no labels, and cannot be trained on');
  });
});

describe('scaledToFit', () => {
  it.each([
    // mmcv fits 480×360 into (960, 720) by doubling it, and an upright image into the same limits upright.
    { size: [480, 360], limits: [960, 720], expected: [960, 720] },
    { size: [360, 480], limits: [960, 720], expected: [720, 960] },
    { size: [683, 512], limits: [2048, 512], expected: [683, 512] },
    { size: [500, 375], limits: [2048, 512], expected: [683, 512] },
    { size: [3, 2], limits: [0, 0], expected: [1, 1] },
  ])('$size into $limits', ({ size, limits, expected }) => {
    const [width, height] = size as [number, number];
    const fitted = scaledToFit({ width, height }, limits as [number, number]);
    expect([fitted.width, fitted.height]).toEqual(expected);
  });
});

describe('chooseCrop', () => {
  const size = { width: 40, height: 20 };
  // Class 0 fills the left half, classes 1 and 2 share the right half in stripes.
  const labels = Uint8Array.from({ length: 800 }, (_, place) => (place % 40 < 20 ? 0 : 1 + (place % 2)));
  const crops = (categoryMaxRatio: number, map = labels) =>
    Array.from({ length: 60 }, (_, seed) =>
      chooseCrop(map, {
        source: size,
        scaled: size,
        crop: { width: 10, height: 10 },
        categoryMaxRatio,
        random: new RandomStream(seed, [0]),
        kernels: requireImageKernels(),
      }),
    );
  const inOneClass = (window: { left: number }): boolean => window.left + 7.5 < 20;

  it('takes any window without a limit, inside the image', () => {
    const windows = crops(1);
    expect(windows.some(inOneClass)).toBe(true);
    for (const { left, top, width, height } of windows) {
      expect([width, height]).toEqual([10, 10]);
      expect(left >= 0 && left <= 30 && top >= 0 && top <= 10).toBe(true);
    }
  });

  it('draws again while one class fills too much', () => {
    expect(crops(0.75).some(inOneClass)).toBe(false);
  });

  it('ends when no window can satisfy it, and counts no ignored pixel', () => {
    expect(crops(0.75, new Uint8Array(800))).toHaveLength(60);
    // One class has all labeled pixels beside ignored ones, which is not varied, until a window reaches the right
    // half.
    const ignoredLeft = labels.map((label) => (label === 0 ? 255 : label));
    expect(crops(0.75, ignoredLeft).some((window) => window.left + 10 <= 20)).toBe(false);
  });
});

describe('drawColorChanges', () => {
  it('keeps gray pixels gray, and leaves one image in sixteen or so untouched', () => {
    let untouched = 0;
    for (let seed = 0; seed < 400; seed++) {
      const pixels = Uint8Array.from([100, 100, 100, 200, 30, 90]);
      changeColors(pixels, drawColorChanges(new RandomStream(seed, [0])));
      expect(new Set(pixels.subarray(0, 3)).size).toBe(1);
      if (pixels.join() === '100,100,100,200,30,90') untouched++;
    }
    expect(untouched).toBeGreaterThan(10);
    expect(untouched).toBeLessThan(50);
  });
});
