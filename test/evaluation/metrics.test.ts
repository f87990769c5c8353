import { readFileSync } from 'node:fs';
import { metricsFrom } from 'coarsely/evaluation';
import { describe, expect, test } from 'vitest';

interface GoldenCase {
  readonly classCount: number;
  readonly labels: number[];
  readonly prediction: number[];
  readonly aAcc: number;
  readonly mAcc: number;
  readonly mIoU: number;
  readonly perClass: { iou: number | null; accuracy: number | null; pixels: number }[];
}

// Made by metrics-golden.py with NumPy, from boolean masks instead of a confusion matrix.
const golden = JSON.parse(
  readFileSync(new URL('./metrics-golden.json', import.meta.url), 'utf8'),
) as GoldenCase[];

describe('metricsFrom', () => {
  test('gives the values worked out by hand', () => {
    // Class 0: 3 right, 1 taken for class 1. Class 1: 2 right, 2 taken for class 0. Class 2 occurs nowhere.
    const metrics = metricsFrom(BigInt64Array.of(3n, 1n, 0n, 2n, 2n, 0n, 0n, 0n, 0n), 3);
    expect(metrics.perClass).toEqual([
      { iou: 3 / 6, accuracy: 3 / 4, pixels: 4 },
      { iou: 2 / 5, accuracy: 2 / 4, pixels: 4 },
      { iou: null, accuracy: null, pixels: 0 },
    ]);
    expect(metrics.aAcc).toBe(5 / 8);
    expect(metrics.mAcc).toBe((3 / 4 + 2 / 4) / 2);
    expect(metrics.mIoU).toBe((3 / 6 + 2 / 5) / 2);
  });

  test('a class that is predicted but never true counts as zero in mIoU, and is not in mAcc', () => {
    const metrics = metricsFrom(BigInt64Array.of(3n, 1n, 0n, 0n), 2);
    expect(metrics.perClass[1]).toEqual({ iou: 0, accuracy: null, pixels: 0 });
    expect(metrics.mIoU).toBe((3 / 4 + 0) / 2);
    expect(metrics.mAcc).toBe(3 / 4);
  });

  test('a class that is true but never predicted counts as zero in both means', () => {
    const metrics = metricsFrom(BigInt64Array.of(3n, 0n, 2n, 0n), 2);
    expect(metrics.perClass[1]).toEqual({ iou: 0, accuracy: 0, pixels: 2 });
    expect([metrics.mIoU, metrics.mAcc]).toEqual([(3 / 5 + 0) / 2, (1 + 0) / 2]);
  });

  test('means over 19 classes of which the labels hold 15 leave out the same classes as mmsegmentation', () => {
    // numpy.nanmean of intersect / union and of intersect / label: classes 15 to 18 are 0 / 6 and 0 / 0.
    const matrix = new BigInt64Array(19 * 19);
    for (let id = 0; id < 15; id += 1) {
      matrix[id * 19 + id] = 9n;
      if (id < 4) matrix[id * 19 + 15 + id] = 6n;
    }
    const metrics = metricsFrom(matrix, 19);
    expect(metrics.mAcc).toBeCloseTo((4 * (9 / 15) + 11) / 15, 12);
    expect(metrics.mIoU).toBeCloseTo((4 * (9 / 15) + 11) / 19, 12);
  });

  test('is exact beyond 32 bits', () => {
    const large = 3_000_000_000_000_000n;
    expect(metricsFrom(BigInt64Array.of(large, large, 0n, 2n * large), 2).aAcc).toBe(0.75);
  });

  test('has no score where nothing was counted', () => {
    const metrics = metricsFrom(new BigInt64Array(4), 2);
    expect([metrics.aAcc, metrics.mAcc, metrics.mIoU]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
  });

  test('rejects a matrix of another size', () => {
    expect(() => metricsFrom(new BigInt64Array(6), 2)).toThrow('expected 4 counts for 2 classes, received 6');
  });

  test.each(golden.map((one, index) => ({ index, ...one })))(
    'agrees with NumPy to the last digit, case $index',
    (expected) => {
      const { classCount, labels, prediction } = expected;
      const matrix = new BigInt64Array(classCount * classCount);
      for (const [pixel, label] of labels.entries()) {
        if (label === 255) continue;
        const cell = label * classCount + (prediction[pixel] as number);
        matrix[cell] = (matrix[cell] as bigint) + 1n;
      }
      const metrics = metricsFrom(matrix, classCount);
      expect(metrics.aAcc).toBe(expected.aAcc);
      expect(metrics.mAcc).toBe(expected.mAcc);
      expect(metrics.mIoU).toBe(expected.mIoU);
      expect(metrics.perClass).toEqual(expected.perClass);
    },
  );
});
