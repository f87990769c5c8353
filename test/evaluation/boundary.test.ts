import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { BoundaryCounts } from '#evaluation/boundary-score.js';
import { TrimapCounts, trimapWidths } from '#evaluation/trimap-score.js';

interface GoldenCase {
  readonly classCount: number;
  readonly shape: [number, number, number];
  readonly labels: number[];
  readonly prediction: number[];
  readonly boundaryF1: number;
  readonly boundaryPerClass: (number | null)[];
  readonly trimapMIoU: { width: number; mIoU: number }[];
}

// Made by metrics-golden.py with NumPy: all boundary pixels against all others.
const golden = JSON.parse(
  readFileSync(new URL('./metrics-golden.json', import.meta.url), 'utf8'),
) as GoldenCase[];

/** A map drawn with one character a pixel: digits are classes, a dot is not labeled. */
function map(...rows: string[]) {
  const ids = Uint8Array.from(rows.join(''), (sign) => (sign === '.' ? 255 : Number(sign)));
  return { ids, size: { width: (rows[0] as string).length, height: rows.length } };
}

function boundaryOf(truth: ReturnType<typeof map>, predicted: ReturnType<typeof map>, classCount = 2) {
  const counts = new BoundaryCounts(classCount);
  counts.update(predicted.ids, truth.ids, truth.size);
  return counts.score();
}

function trimapOf(truth: ReturnType<typeof map>, predicted: ReturnType<typeof map>, classCount = 2) {
  const counts = new TrimapCounts(classCount);
  counts.update(predicted.ids, truth.ids, truth.size);
  return counts.scores().map(({ mIoU }) => mIoU);
}

describe.each(golden.map((one, index) => ({ index, ...one })))(
  'agrees with NumPy to the last digit, case $index',
  (one) => {
    const { classCount, shape, labels, prediction } = one;
    const [images, height, width] = shape;
    const each = (update: (predicted: Uint8Array, truth: Uint8Array) => void) => {
      for (let image = 0; image < images; image += 1) {
        const part = (ids: number[]) =>
          Uint8Array.from(ids.slice(image * height * width, (image + 1) * height * width));
        update(part(prediction), part(labels));
      }
    };

    test('boundary F-score', () => {
      const counts = new BoundaryCounts(classCount);
      each((predicted, truth) => counts.update(predicted, truth, { width, height }));
      expect(counts.score()).toEqual({ mean: one.boundaryF1, perClass: one.boundaryPerClass });
    });

    test('trimap mIoU', () => {
      const counts = new TrimapCounts(classCount);
      each((predicted, truth) => counts.update(predicted, truth, { width, height }));
      expect(counts.scores()).toEqual(one.trimapMIoU);
    });
  },
);

describe('boundary F-score', () => {
  const truth = map('000111', '000111');

  test('is 1 for the labels themselves, and within a pixel of them', () => {
    expect(boundaryOf(truth, truth)).toEqual({ mean: 1, perClass: [1, 1] });
    expect(boundaryOf(truth, map('001111', '001111')).mean).toBe(1);
  });

  test('is 0 two pixels off in a small image, and when one has no boundary', () => {
    expect(boundaryOf(truth, map('011111', '011111')).perClass).toEqual([0, 0]);
    expect(boundaryOf(truth, map('000000', '000000')).perClass).toEqual([0, 0]);
    expect(boundaryOf(map('000000', '000000'), truth).perClass).toEqual([0, 0]);
  });

  test('is the harmonic mean of precision and recall', () => {
    const found = boundaryOf(
      map('0001111111', '0001111111', '1111111111', '1111111111', '1111111111'),
      map('0001111111', '0001111111', '1111111111', '1111111111', '1111100011'),
    );
    // Class 0: 4 true outline pixels (0 at the corner has no other beside it), all met; 3 more predicted, none right.
    expect(found.perClass[0]).toBe((2 * (4 / 7) * 1) / (4 / 7 + 1));
  });

  test('knows no boundary towards what is not labeled, nor towards the edge of the image', () => {
    const gap = map('00..11', '00..11');
    expect(boundaryOf(gap, gap)).toEqual({ mean: Number.NaN, perClass: [null, null] });
    // What is predicted inside the gap counts for nothing.
    expect(boundaryOf(gap, map('000111', '000111'))).toEqual({ mean: Number.NaN, perClass: [null, null] });
    expect(boundaryOf(gap, map('010101', '001011')).perClass).toEqual([0, 0]);
  });

  test('leaves classes without a boundary out of the mean', () => {
    expect(boundaryOf(truth, truth, 3)).toEqual({ mean: 1, perClass: [1, 1, null] });
  });

  test('tolerates more in a larger image: 3 pixels at a diagonal of 400', () => {
    const size = { width: 320, height: 240 };
    const split = (at: number) =>
      Uint8Array.from({ length: size.width * size.height }, (_, pixel) => (pixel % size.width < at ? 0 : 1));
    const scoreOf = (at: number) => {
      const counts = new BoundaryCounts(2);
      counts.update(split(at), split(160), size);
      return counts.score().mean;
    };
    expect([157, 163].map(scoreOf)).toEqual([1, 1]);
    expect([156, 164].map(scoreOf)).toEqual([0, 0]);
  });
});

describe('trimap mIoU', () => {
  const row = (at: number) => map('0'.repeat(at) + '1'.repeat(40 - at));

  test('counts a band of d pixels on either side of a boundary', () => {
    // The boundary lies at 20, the prediction has it at 22: 2 of the 2d pixels of a band are wrong where d ≥ 2.
    const expected = trimapWidths.map((width) => {
      const wrong = Math.min(2, width);
      return (width / (width + wrong) + (width - wrong) / width) / 2;
    });
    expect(trimapOf(row(20), row(22))).toEqual(expected);
    expect(trimapOf(row(20), row(20))).toEqual(trimapWidths.map(() => 1));
  });

  test('looks at labeled pixels only, and at boundaries between classes only', () => {
    const gap = map(`${'0'.repeat(20)}.${'1'.repeat(19)}`);
    expect(trimapOf(gap, row(21))).toEqual(trimapWidths.map(() => Number.NaN));
    const hole = map(`${'0'.repeat(20)}11..${'1'.repeat(16)}`);
    // What is wrong in the hole does not count.
    expect(trimapOf(hole, map(`${'0'.repeat(20)}1100${'1'.repeat(16)}`))).toEqual(trimapWidths.map(() => 1));
  });

  test('adds up images of different sizes', () => {
    const counts = new TrimapCounts(2);
    for (const [truth, predicted] of [
      [row(20), row(20)],
      [map('0011', '0011'), map('0001', '0001')],
    ] as const) {
      counts.update(predicted.ids, truth.ids, truth.size);
    }
    // Width 1: 1 + 2 true pixels of each class; all of class 0 met, 2 pixels of class 1 taken for it.
    expect(counts.scores()[0]).toEqual({ width: 1, mIoU: (3 / 5 + 1 / 3) / 2 });
  });
});
