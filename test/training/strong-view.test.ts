/** Follows strongly changed images pixel by pixel: their colors by a plain loop, and that all maps are mixed alike. */

import { imageNetNormalization } from 'coarsely/data';
import { Generator, rand, scope, type Tensor, tensorFrom } from 'coarsely/torch';
import type { TrainingComponents } from 'coarsely/training';
import { describe, expect, test } from 'vitest';
import { StackedNetwork } from '#quick/stacked-network.js';
import { updateFrequencies } from '#training/class-frequencies.js';
import { regionLossOf } from '#training/region-losses.js';
import { strongView } from '#training/strong-view.js';

const [images, height, width] = [8, 20, 30];
const plane = height * width;
const float = { dtype: 'float32' } as const;
const { mean, std } = imageNetNormalization;

/** Images of one color each, normalized. */
function plainImages(): { readonly imagesNCHW: Tensor; readonly colors: number[][] } {
  const colors = Array.from({ length: images }, (_, image) => [30 + 20 * image, 200 - 15 * image, 90]);
  const values = colors.flatMap((color) =>
    color.flatMap((value, channel) =>
      new Array<number>(plane).fill((value - (mean[channel] ?? 0)) / (std[channel] ?? 1)),
    ),
  );
  return { imagesNCHW: tensorFrom(values, { ...float, shape: [images, 3, height, width] }), colors };
}

const numbers = (tensor: Tensor) => Array.from(tensor.toTypedArray(), Number);

describe('a strong view', () => {
  test('mixes labels, logits and images alike, of the next image', () => {
    using _inner = scope();
    using generator = new Generator(4);
    const { imagesNCHW } = plainImages();
    const { imagesNCHW: changed, mix } = strongView(imagesNCHW, { generator });
    const own = Array.from({ length: images }, (_, image) => new Array<number>(plane).fill(image)).flat();
    const labels = numbers(mix(tensorFrom(own, { dtype: 'int64', shape: [images, height, width] })));
    const logits = own.flatMap((image) => [image]);
    const teacher = numbers(mix(tensorFrom(logits, { ...float, shape: [images, 1, height, width] })));
    expect(teacher).toEqual(labels);
    const pixels = numbers(changed);
    const colorOf = (image: number, pixel: number) =>
      [0, 1, 2]
        .map((channel) => (pixels[(image * 3 + channel) * plane + pixel] as number).toFixed(4))
        .join(' ');
    // The color of each image where nothing was pasted, and the share that was.
    const plain = Array.from({ length: images }, (_, image) => {
      const pixel = Array.from({ length: plane }, (_, at) => at).find(
        (at) => labels[image * plane + at] === image,
      );
      return colorOf(image, pixel ?? 0);
    });
    let pasted = 0;
    for (let image = 0; image < images; image++) {
      const from = new Set(labels.slice(image * plane, (image + 1) * plane));
      expect([...from].every((source) => source === image || source === (image + 1) % images)).toBe(true);
      const share =
        labels.slice(image * plane, (image + 1) * plane).filter((source) => source !== image).length / plane;
      if (share > 0) {
        pasted++;
        expect(share).toBeGreaterThan(0.015);
        expect(share).toBeLessThan(0.45);
      }
      const wrong = Array.from({ length: plane }, (_, at) => at).filter(
        (at) => colorOf(image, at) !== plain[labels[image * plane + at] as number],
      );
      expect(wrong).toEqual([]);
    }
    expect(pasted).toBeGreaterThan(1);
    expect(pasted).toBeLessThan(images);
  });

  test('changes colors by brightness, contrast and saturation as the numbers drawn say', () => {
    using _inner = scope();
    using generator = new Generator(9);
    using again = new Generator(9);
    const drawn = numbers(rand([11], { ...float, generator: again }));
    // One image, so that nothing is pasted: left half dark, right half bright.
    const value = (channel: number, at: number) => (at % width < width / 2 ? 40 : 150) + 25 * channel;
    const given = [0, 1, 2].flatMap((channel) =>
      Array.from(
        { length: plane },
        (_, at) => (value(channel, at) - (mean[channel] ?? 0)) / (std[channel] ?? 1),
      ),
    );
    const { imagesNCHW } = strongView(tensorFrom(given, { ...float, shape: [1, 3, height, width] }), {
      generator,
    });
    const changes = (drawn[0] ?? 1) < 0.8;
    const gray = (drawn[1] ?? 1) < 0.2;
    const [brightness, contrast, saturation] = [2, 3, 4].map((at) =>
      changes ? 0.5 + (drawn[at] ?? 0) : 1,
    ) as [number, number, number];
    const grayOf = (color: readonly number[]) =>
      0.299 * (color[0] ?? 0) + 0.587 * (color[1] ?? 0) + 0.114 * (color[2] ?? 0);
    const colorAt = (at: number) => [0, 1, 2].map((channel) => value(channel, at) * brightness);
    const level = (grayOf(colorAt(0)) + grayOf(colorAt(width - 1))) / 2;
    const found = numbers(imagesNCHW);
    for (const at of [0, width - 1]) {
      const contrasted = colorAt(at).map((color) => (color - level) * contrast + level);
      const middle = grayOf(contrasted);
      const expected = contrasted.map((color) =>
        Math.min(255, Math.max(0, (color - middle) * (gray ? 0 : saturation) + middle)),
      );
      for (const [channel, color] of expected.entries()) {
        const seen = (found[channel * plane + at] as number) * (std[channel] ?? 1) + (mean[channel] ?? 0);
        expect(seen).toBeCloseTo(color, 2);
      }
    }
  });

  test('is drawn by the generator alone, and leaves further channels as they are', () => {
    using _inner = scope();
    const normalization = { mean: [...mean, 10], std: [...std, 20] };
    const values = Array.from({ length: 2 * 4 * plane }, (_, at) => Math.sin(at));
    const given = tensorFrom(values, { ...float, shape: [2, 4, height, width] });
    const views = [3, 3, 5].map((seed) => {
      using generator = new Generator(seed);
      return strongView(given, { generator, normalization });
    });
    const [first, second, other] = views.map(({ imagesNCHW }) => numbers(imagesNCHW));
    expect(second).toEqual(first);
    expect(other).not.toEqual(first);
    for (const { imagesNCHW, mix } of views) {
      expect(numbers(imagesNCHW.narrow(1, 3, 1))).toEqual(numbers(mix(given).narrow(1, 3, 1)));
    }
  });
});

test('features lose half of their channels, whole ones, and the others are doubled', () => {
  using _inner = scope();
  using generator = new Generator(2);
  const [count, channels, cells] = [4, 50, 9];
  const features = tensorFrom(
    Array.from({ length: count * channels * cells }, (_, at) => 1 + (at % 7)),
    { ...float, shape: [count, channels, 3, 3] },
  );
  const network = StackedNetwork.prototype;
  const changed = numbers(network.changeFeatures(features, generator));
  const given = numbers(features);
  let dropped = 0;
  for (let channel = 0; channel < count * channels; channel++) {
    const own = changed.slice(channel * cells, (channel + 1) * cells);
    const before = given.slice(channel * cells, (channel + 1) * cells);
    if (own.every((value) => value === 0)) dropped++;
    else expect(own).toEqual(before.map((value) => 2 * value));
  }
  expect(dropped / (count * channels)).toBeGreaterThan(0.35);
  expect(dropped / (count * channels)).toBeLessThan(0.65);
});

test('a loss that needs them gets strongly changed pixels, and the others the usual ones', () => {
  using _inner = scope();
  const mapsOf = (logit: number) => ({
    batch: {
      imagesNCHW: tensorFrom([0], { ...float, shape: [1, 1, 1, 1] }),
      labelsNHW: tensorFrom([logit], { dtype: 'int64', shape: [1, 1, 1] }),
    },
    logitsNCHW: tensorFrom([logit], { ...float, shape: [1, 1, 1, 1] }),
  });
  // Each loss gives the logit that it saw and ten times the label.
  const loss = (logits: Tensor, labels: Tensor) => logits.sum().add(labels.sum().mul(10));
  const components = {
    regionLosses: [
      { loss, weight: 1 },
      { loss, weight: 100, needs: ['layout'] as const },
      { loss, weight: 10_000, needs: ['layout', 'strong'] as const },
    ],
  } as unknown as TrainingComponents;
  const input = { own: mapsOf(1), layout: mapsOf(2), strong: mapsOf(3) };
  expect(regionLossOf(components, input)?.item()).toBe(11 + 22 * 100 + 33 * 10_000);
  expect(() => regionLossOf(components, { own: input.own })).toThrow(/needs strongly changed pixels/);
});

describe('frequencies of classes', () => {
  const labelsNHW = () => tensorFrom([255, 255, 0, 255], { dtype: 'int64', shape: [1, 1, 4] });
  // Likelihoods of class 0 on four pixels.
  const logits = (shares: readonly number[]) =>
    tensorFrom([...shares.map(Math.log), ...shares.map((share) => Math.log(1 - share))], {
      ...float,
      shape: [1, 2, 1, 4],
    });

  test('move toward the mean likelihood on unlabeled pixels, over all processes', () => {
    using _inner = scope();
    const values = tensorFrom([0.5, 0.5], { ...float, shape: [2] });
    const batch = { imagesNCHW: values, labelsNHW: labelsNHW() };
    const teacherLogitsNCHW = logits([0.9, 0.8, 0.1, 0.4]);
    updateFrequencies({ values, momentum: 0.75 }, { batch, teacherLogitsNCHW });
    const expected = 0.75 * 0.5 + 0.25 * 0.7;
    expect(numbers(values)[0]).toBeCloseTo(expected, 6);
    expect(numbers(values)[1]).toBeCloseTo(1 - expected, 6);
    // The other process has three pixels more, all of class 1.
    const processGroup = {
      rank: 0,
      worldSize: 2,
      allReduce_: (sums: Tensor) => {
        sums.add_(tensorFrom([0, 3, 3], { ...float, shape: [3] }));
      },
      sumOverRanks: (sums: Tensor) => sums,
    };
    values.copy_(tensorFrom([0.5, 0.5], { ...float, shape: [2] }));
    updateFrequencies({ values, momentum: 0.75 }, { batch, teacherLogitsNCHW }, { processGroup });
    expect(numbers(values)[0]).toBeCloseTo(0.75 * 0.5 + 0.25 * (2.1 / 6), 6);
  });

  test('stay as they are where every pixel has a label', () => {
    using _inner = scope();
    const values = tensorFrom([0.3, 0.7], { ...float, shape: [2] });
    const labels = tensorFrom([0, 1, 0, 1], { dtype: 'int64', shape: [1, 1, 4] });
    const before = numbers(values);
    const batch = { imagesNCHW: values, labelsNHW: labels };
    updateFrequencies({ values, momentum: 0.75 }, { batch, teacherLogitsNCHW: logits([0.9, 0.8, 0.1, 0.4]) });
    expect(numbers(values)).toEqual(before);
  });
});
