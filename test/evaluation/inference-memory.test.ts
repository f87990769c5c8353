/** Checks that the memory of inference follows the size of a window, and not the number of classes times pixels. */

import { type DecodedImage, type InferenceOptions, inferLabels, inferLogits } from 'coarsely/evaluation';
import { cat, memory, ops, resetPeakMemory, scope, type Tensor } from 'coarsely/torch';
import { describe, expect, test } from 'vitest';

/** Predicts many classes from an image at an eighth of its size, as heads do. */
function manyClasses(classCount: number, { withOwnLogits = true } = {}) {
  const logits = (input: Tensor) => {
    const [, , height = 0, width = 0] = input.shape;
    const small = ops.resizeBilinear(input, [Math.ceil(height / 8), Math.ceil(width / 8)]);
    const gray = small.narrow(1, 0, 1);
    const each = Array.from({ length: classCount }, (_, id) => gray.mul(Math.sin(id * 1.7)));
    return cat(each, 1);
  };
  const model = {
    training: false,
    train: () => model,
    forward: (input: Tensor) => ({
      logitsNCHW: ops.resizeBilinear(logits(input), input.shape.slice(2)),
    }),
    ...(withOwnLogits && { forwardLogits: (input: Tensor) => ({ logitsNCHW: logits(input) }) }),
  };
  return model;
}

function imageOf(width: number, height: number): DecodedImage {
  const image = Uint8Array.from({ length: width * height * 3 }, (_, place) => (place * 2654435761) >>> 24);
  return { width, height, image };
}

function peakOf(options: InferenceOptions, { classCount = 40, size = 512 } = {}): number {
  const model = manyClasses(classCount);
  const image = imageOf(size, size);
  const before = memory().liveBytes;
  resetPeakMemory();
  inferLabels(model, [image], { ...options, precision: 'float32' }).dispose();
  return memory().peakBytes - before;
}

const mebibyte = 2 ** 20;

describe('memory of inference', () => {
  // The scores of 40 classes at 512 × 512 pixels are 40 MiB. Logits, their resizing, softmax and sum would each be as many.
  test('two scales and mirror images of many classes take a fraction of a map of all classes', () => {
    const [input, labels] = [3 * 4 * 512 * 512, 8 * 512 * 512];
    expect(peakOf({ scales: [1, 0.5], flip: true })).toBeLessThan(2 * input + labels + 40 * mebibyte);
  });

  test('more classes cost no more than their logits at the resolution of the network', () => {
    const more = peakOf({ scales: [1, 0.5] }, { classCount: 80 }) - peakOf({ scales: [1, 0.5] });
    const logits = (40 * 4 * 512 * 512) / 64;
    expect(more).toBeLessThan(4 * 1.25 * logits);
  });

  test('an image of four times the pixels costs its input, its labels and nothing else by windows', () => {
    const window = { cropSize: [128, 128] as const, stride: [85, 85] as const };
    const more = peakOf({ window }, { size: 1024 }) - peakOf({ window });
    const labels = 8 * (1024 ** 2 - 512 ** 2);
    // A band of windows is as wide as the image.
    const band = (3 * 4 * 128 * 512 * 2 + (2 * 1.5 * 40 * 4 * 128 * 512) / 64) * 1.5;
    expect(more).toBeLessThan(labels + band);
  });
});

describe('the same numbers, whichever way the logits are kept', () => {
  test.each<[string, InferenceOptions]>([
    ['windows', { window: { cropSize: [48, 40], stride: [32, 27] } }],
    ['windows that overlap many times', { window: { cropSize: [48, 40], stride: [8, 9] } }],
    ['scales', { scales: [1, 0.5, 1.5, 2], flip: true }],
    [
      'windows and scales',
      { window: { cropSize: [48, 40], stride: [32, 27] }, scales: [0.75, 1], flip: true },
    ],
  ])('%s', (_, options) => {
    using _tensors = scope();
    const image = imageOf(130, 97);
    const all = { ...options, precision: 'float32' as const };
    // A network without logits of its own resolution has its windows summed at once, and its passes one by one.
    const held = inferLogits(manyClasses(7), [image], all);
    const summed = inferLogits(manyClasses(7, { withOwnLogits: false }), [image], all);
    expect(held).toBeAllclose(summed, { absolute: 1e-5 });
    const labels = (tensor: Tensor) => Array.from(tensor.toTypedArray(), Number);
    expect(labels(inferLabels(manyClasses(7), [image], all))).toEqual(labels(held.argmax(1)));
  });
});
