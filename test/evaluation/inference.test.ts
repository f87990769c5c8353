import { type DecodedImage, type InferenceOptions, inferLabels, inferLogits } from 'coarsely/evaluation';
import { Generator, memory, resetPeakMemory, scope } from 'coarsely/torch';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BrightnessModel } from './brightness-model.js';
import { ContextNetwork, classCount } from './context-network.js';
import { mostLikely, referenceProbability } from './inference-reference.js';

let model: ContextNetwork;
beforeAll(() => {
  using generator = new Generator(7);
  model = new ContextNetwork(generator);
  model.eval();
});
afterAll(() => model.dispose());

/** Blocks and noise, so that neighboring windows disagree. */
function imageOf(width: number, height: number, seed = 1): DecodedImage {
  let state = seed;
  const image = Uint8Array.from({ length: width * height * 3 }, (_, place) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const pixel = Math.floor(place / 3);
    const block = Math.floor((pixel % width) / 5) + Math.floor(pixel / width / 4);
    return block % 2 === place % 3 ? 200 + (state >>> 27) : state >>> 24;
  });
  return { width, height, image };
}

const square = (side: number, stride: number) => ({
  cropSize: [side, side] as const,
  stride: [stride, stride] as const,
});
const sevenScales = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2];

const protocols: [string, { width: number; height: number } & InferenceOptions][] = [
  ['whole', { width: 24, height: 17 }],
  ['half size', { width: 25, height: 17, scales: [0.5] }],
  ['mirrored', { width: 24, height: 17, flip: true }],
  ['scales and mirrored, odd sizes', { width: 23, height: 15, scales: sevenScales, flip: true }],
  ['windows, stride not dividing', { width: 29, height: 22, window: square(12, 8) }],
  ['windows, exact multiples', { width: 24, height: 16, window: square(8, 8) }],
  ['windows, exact overlap', { width: 20, height: 12, window: { cropSize: [6, 8], stride: [3, 4] } }],
  ['a base size, its height met', { width: 25, height: 17, baseSize: [80, 20] }],
  ['a base size, its width met', { width: 40, height: 10, baseSize: [32, 20] }],
  ['a base size, image upright', { width: 13, height: 21, baseSize: [64, 16] }],
  [
    'a base size, windows, scales and mirrored',
    { width: 29, height: 22, baseSize: [64, 28], window: square(12, 8), scales: [0.9, 1.3], flip: true },
  ],
  ['an image smaller than the window', { width: 9, height: 7, window: square(32, 21) }],
  ['narrower than the window, but higher', { width: 9, height: 30, window: square(16, 11) }],
  [
    'windows, scales and mirrored',
    { width: 21, height: 19, window: square(12, 8), scales: [0.5, 1, 1.5], flip: true },
  ],
];

describe('inference equals plain loops over scales, mirror images and windows', () => {
  test.each(protocols)('%s', (_, { width, height, ...protocol }) => {
    using _tensors = scope();
    const image = imageOf(width, height);
    const options = { ...protocol, precision: 'float32' as const };
    const expected = referenceProbability(model, image, protocol);
    const probability = inferLogits(model, [image], options).softmax(1);
    expect(probability.shape).toEqual([1, classCount, height, width]);
    expect(probability).toBeAllclose(expected, { absolute: 3e-6 });

    const labels = Array.from(inferLabels(model, [image], options).toTypedArray(), Number);
    expect(labels).toEqual(mostLikely(expected, width * height));
    expect(new Set(labels).size).toBeGreaterThan(1);
  });

  test('the protocols differ where they should', () => {
    using _tensors = scope();
    const image = imageOf(29, 22);
    const of = (options: InferenceOptions) => {
      const logits = inferLogits(model, [image], { ...options, precision: 'float32' });
      return Array.from(logits.softmax(1).toTypedArray(), Number);
    };
    const whole = of({});
    const others: InferenceOptions[] = [
      ...[{ flip: true }, { scales: [0.5] }, { window: square(12, 8) }],
      { baseSize: [64, 16] },
    ];
    for (const other of others) {
      expect(of(other)).not.toEqual(whole);
    }
  });
});

describe('inference', () => {
  test('makes one pass and no more for a whole image at its size', () => {
    using _tensors = scope();
    const before = model.seenSizes().length;
    inferLabels(model, [imageOf(24, 16)], { precision: 'float32' });
    expect(model.seenSizes().slice(before)).toEqual([[16, 24]]);
  });

  test('lays as many windows as mmsegmentation does', () => {
    using _tensors = scope();
    const windows = (width: number, height: number, window: InferenceOptions['window']) => {
      const before = model.seenSizes().length;
      inferLabels(model, [imageOf(width, height)], { window, precision: 'float32' });
      return model.seenSizes().slice(before);
    };
    // max(length − crop + stride − 1, 0) div stride + 1 along each side.
    expect(windows(24, 16, square(8, 8))).toEqual(Array(6).fill([8, 8]));
    expect(windows(25, 16, square(8, 8))).toEqual(Array(8).fill([8, 8]));
    expect(windows(24, 16, square(8, 4))).toEqual(Array(15).fill([8, 8]));
    expect(windows(9, 30, square(16, 11))).toEqual(Array(3).fill([16, 9]));
  });

  test('reads scaled images at rounded sizes, each mirrored after it', () => {
    using _tensors = scope();
    const before = model.seenSizes().length;
    inferLabels(model, [imageOf(25, 15)], { scales: [0.5, 1], flip: true, precision: 'float32' });
    expect(model.seenSizes().slice(before)).toEqual([
      [8, 13],
      [8, 13],
      [15, 25],
      [15, 25],
    ]);
  });

  test('reads images at the sizes that mmcv fits them to, scales on the base', () => {
    using _tensors = scope();
    const sizes = (width: number, height: number, options: InferenceOptions) => {
      const before = model.seenSizes().length;
      inferLabels(model, [imageOf(width, height)], { ...options, precision: 'float32' });
      return model.seenSizes().slice(before);
    };
    // As mmcv.imrescale: the longer limit bounds the longer side, the shorter the shorter.
    const baseSize = [512, 128] as const;
    expect(sizes(171, 128, { baseSize })).toEqual([[128, 171]]);
    expect(sizes(100, 75, { baseSize })).toEqual([[128, 171]]);
    expect(sizes(75, 100, { baseSize })).toEqual([[171, 128]]);
    expect(sizes(200, 20, { baseSize })).toEqual([[51, 512]]);
    // The limits are 384 × 96, and 153 × 38.
    expect(sizes(100, 75, { baseSize, scales: [0.75, 0.3] })).toEqual([
      [96, 128],
      [38, 51],
    ]);
    expect(sizes(64, 32, { baseSize: [64, 32] })).toEqual([[32, 64]]);
  });

  test('a batch is its images one by one', () => {
    using _tensors = scope();
    const images = [imageOf(20, 14, 1), imageOf(20, 14, 2), imageOf(20, 14, 3)];
    const options = { window: square(10, 7), scales: [0.75, 1], flip: true, precision: 'float32' as const };
    const together = Array.from(inferLabels(model, images, options).toTypedArray(), Number);
    const apart = images.flatMap((image) =>
      Array.from(inferLabels(model, [image], options).toTypedArray(), Number),
    );
    expect(together).toEqual(apart);
  });

  test('needs no more memory for fourteen passes than for two, nor for many windows than for a few', () => {
    const image = imageOf(96, 80);
    const peakOf = (options: InferenceOptions) => {
      using _tensors = scope();
      const before = memory().liveBytes;
      resetPeakMemory();
      inferLabels(model, [image], { ...options, precision: 'float32' });
      return memory().peakBytes - before;
    };
    const twoPasses = peakOf({ scales: [2], flip: true });
    expect(peakOf({ scales: [2, 0.5, 0.75, 1, 1.25, 1.5, 1.75], flip: true })).toBeLessThan(twoPasses * 1.1);
    const few = peakOf({ window: square(40, 40) });
    expect(peakOf({ window: square(40, 4) })).toBeLessThan(few * 1.2);
  });

  test('logits of several passes stay finite where a probability is 0', () => {
    using _tensors = scope();
    const certain = new BrightnessModel();
    const image = { width: 2, height: 1, image: Uint8Array.of(0, 0, 0, 255, 255, 255) };
    const scaledUp = {
      training: false,
      train: () => scaledUp,
      forward: (input: Parameters<BrightnessModel['forward']>[0]) => ({
        logitsNCHW: certain.forward(input).logitsNCHW.mul(1000),
      }),
    };
    const logits = inferLogits(scaledUp, [image], { flip: true, precision: 'float32' });
    expect([...(logits.toTypedArray() as Float32Array)].every(Number.isFinite)).toBe(true);
    expect(Array.from(logits.argmax(1).toTypedArray(), Number)).toEqual([0, 1]);
  });

  test('refuses an empty list of scales', () => {
    expect(() => inferLabels(model, [imageOf(4, 4)], { scales: [] })).toThrow('expected at least one scale');
  });
});
