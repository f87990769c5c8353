/** Compares the augmentation with values computed by hand. */

import {
  type Augmentation,
  augmentationOptions,
  imageNetNormalization,
  type Normalization,
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

async function augmented(
  sample: Sample,
  augmentation: Augmentation,
  seed = 0,
  normalization: Normalization = imageNetNormalization,
) {
  const dataset: SegmentationDataset = {
    classes: [],
    channels: normalization.mean.length,
    length: 1,
    name: () => sample.name,
    read: async () => sample,
  };
  const pixels = augmentation.cropSize[0] * augmentation.cropSize[1];
  const channels = normalization.mean.length;
  const output = {
    image: new Float32Array(channels * pixels).fill(9),
    labels: new Uint8Array(pixels).fill(9),
  };
  const producer = new SampleProducer(dataset, {
    augmentation,
    normalization,
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

describe('an image of other channels than RGB', () => {
  const changing: Augmentation = {
    ...still,
    ratioRange: [0.7, 1.6],
    cropSize: [9, 11],
    flip: 0.5,
    colorJitter: true,
  };
  const [width, height] = [13, 10];
  const bytes = sampleOf(width, height, (place) => (place * 37 + (place % 11) * place) % 256);
  const withChannels = (places: readonly (number | 'gray')[]): Sample => {
    const image = Uint8Array.from({ length: width * height * places.length }, (_, place) => {
      const pixel = Math.floor(place / places.length);
      const source = places[place % places.length];
      return source === 'gray' ? (pixel * 53) % 256 : (bytes.image[3 * pixel + (source ?? 0)] as number);
    });
    return { ...bytes, image };
  };
  const plane = 9 * 11;
  const seeds = Array.from({ length: 12 }, (_, seed) => seed);

  it.each([4, 5, 7])(
    'has the colors of the RGB image, and %i channels that are resized alone',
    async (channels) => {
      const extra = channels - 3;
      const own = {
        mean: [...imageNetNormalization.mean, ...Array.from({ length: extra }, (_, at) => 90 + at)],
        std: [...imageNetNormalization.std, ...Array.from({ length: extra }, (_, at) => 40 + at)],
      };
      const sample = withChannels([0, 1, 2, ...Array.from({ length: extra }, () => 'gray' as const)]);
      for (const seed of seeds) {
        const { image, labels } = await augmented(sample, changing, seed, own);
        const rgb = await augmented(bytes, changing, seed);
        expect(image.subarray(0, 3 * plane)).toEqual(rgb.image);
        expect(labels).toEqual(rgb.labels);
        for (let at = 0; at < extra; at++) {
          // The same draws without changes of color.
          const normalization = { mean: [90 + at, 0, 0], std: [40 + at, 1, 1] };
          const alone = await augmentedAlone(withChannels(['gray', 'gray', 'gray']), changing, {
            seed,
            normalization,
          });
          expect(image.subarray((3 + at) * plane, (4 + at) * plane)).toEqual(alone.subarray(0, plane));
        }
      }
    },
  );

  it.each([1, 2])('%i: the first changes as a gray image does', async (channels) => {
    const own = { mean: [120, 90].slice(0, channels), std: [60, 40].slice(0, channels) };
    const sample = withChannels((['gray', 1] as const).slice(0, channels));
    const gray = withChannels(['gray', 'gray', 'gray']);
    for (const seed of seeds) {
      const { image } = await augmented(sample, changing, seed, own);
      const rgb = await augmented(gray, changing, seed, { mean: [120, 120, 120], std: [60, 60, 60] });
      expect(image.subarray(0, plane)).toEqual(rgb.image.subarray(0, plane));
    }
  });

  /** Augments with the draws of `changing`, but leaves the colors as they are. */
  async function augmentedAlone(
    sample: Sample,
    augmentation: Augmentation,
    { seed, normalization }: { readonly seed: number; readonly normalization: Normalization },
  ): Promise<Float32Array> {
    // The colors are drawn last, so leaving them out changes no other draw.
    return (await augmented(sample, { ...augmentation, colorJitter: false }, seed, normalization)).image;
  }
});
