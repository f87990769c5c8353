/** How pixels are scored: against NumPy and OpenCV, and what each part of the evidence does. */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { logOdds } from '#audit/judge/ranking-counter.js';
import { type AuditedImage, scoreImage } from '#audit/score-image.js';
import { drawnRegions } from '#audit/suspicion/drawn-regions.js';
import { imageColors } from '#audit/suspicion/image-colors.js';

// Made by score-image-golden.py with NumPy and OpenCV.
const golden = JSON.parse(
  readFileSync(new URL('./score-image-golden.json', import.meta.url), 'utf8'),
) as Readonly<Record<'width' | 'height' | 'rows' | 'columns' | 'classCount', number>> &
  Readonly<
    Record<'image' | 'labels' | 'inSample' | 'outOfFold' | 'evidence' | 'suggested', readonly number[]>
  >;
const { width, height, rows, columns, classCount } = golden;
const labels = Uint8Array.from(golden.labels);
const image = Uint8Array.from(golden.image);
const inSample = Float32Array.from(golden.inSample);
const outOfFold = Float32Array.from(golden.outOfFold);
const noKnowledge = {
  selfConfidence: new Float64Array(classCount),
};
const audited: AuditedImage = {
  ...{ width, height, image, labels, classCount },
  ...{ grid: { width, height, rows, columns }, likelihoods: outOfFold, inSample, knowledge: noKnowledge },
};

const flat = Float32Array.from({ length: outOfFold.length }, () => 1 / classCount);

/** Returns the mean over the pixels of a rectangle. */
function meanIn(
  values: ArrayLike<number>,
  [left, top, right, bottom]: readonly [left: number, top: number, right: number, bottom: number],
): number {
  let sum = 0;
  for (let y = top; y < bottom; y++)
    for (let x = left; x < right; x++) sum += values[y * width + x] as number;
  return sum / ((right - left) * (bottom - top));
}

/** Returns likelihoods of cells that are the same in each: these of class 0 and 1, and hardly any of the others. */
function cells(likelihoodsOf: (column: number, row: number) => readonly [first: number, second: number]) {
  return Float32Array.from({ length: rows * columns * classCount }, (_, place) => {
    const cell = Math.floor(place / classCount);
    return likelihoodsOf(cell % columns, Math.floor(cell / columns))[place % classCount] ?? 1e-4;
  });
}

describe('scoreImage', () => {
  it('equals the equations in NumPy and OpenCV', () => {
    const { wrong, suggested } = scoreImage(audited);
    for (const [pixel, label] of labels.entries()) {
      if (label === 255) expect([wrong[pixel], suggested[pixel]]).toEqual([0, 0]);
      else {
        const odds = 0.37 * (golden.evidence[pixel] as number) - 1.3;
        expect(Math.abs(logOdds(wrong[pixel] as number) - odds)).toBeLessThan(0.02);
        expect(suggested[pixel]).toBe(golden.suggested[pixel]);
      }
    }
  });

  it('suspects a patch that has the color of another class, where likelihoods say nothing', () => {
    // The lower right corner has its right label here.
    const right = labels.map((label, pixel) => (pixel % width >= 24 && pixel >= 26 * width ? 1 : label));
    const { wrong } = scoreImage({ ...audited, labels: right, likelihoods: flat, inSample: flat });
    expect(meanIn(wrong, [5, 5, 9, 9])).toBeGreaterThan(1.3 * meanIn(wrong, [5, 0, 9, 3]));
    expect(meanIn(wrong, [5, 5, 9, 9])).toBeGreaterThan(1.3 * meanIn(wrong, [0, 10, 17, 19]));
  });

  it('finds a region that is wrong as a whole, though its class is learned from it', () => {
    // The lower right corner is labeled 0, as the upper left one, and has the color of 1.
    const { wrong, suggested } = scoreImage(audited);
    expect(meanIn(wrong, [24, 26, 36, 32])).toBeGreaterThan(0.6);
    expect(meanIn(wrong, [0, 10, 17, 19])).toBeLessThan(0.2);
    expect(suggested[30 * width + 30]).toBe(1);
  });

  it('holds a doubt about a part of a region for more than the same doubt about all of it', () => {
    const oneColor = new Uint8Array(image.length).fill(128);
    const score = (isDoubted: (column: number) => boolean) => {
      const likelihoods = cells((column) => (isDoubted(column) ? [0.3, 0.7] : [0.95, 0.05]));
      const one = { image: oneColor, labels: new Uint8Array(labels.length), likelihoods, inSample: null };
      return scoreImage({ ...audited, ...one }).wrong[0] as number;
    };
    expect(score((column) => column < 2)).toBeGreaterThan(score(() => true) + 0.05);
  });

  it('tells losses and confidence by the networks that did not learn from the image', () => {
    const alone = scoreImage({ ...audited, inSample: null });
    const both = scoreImage(audited);
    expect(both.losses).toEqual(alone.losses);
    expect(both.wrong).not.toEqual(alone.wrong);
    const certain = scoreImage({ ...audited, likelihoods: cells(() => [0.25, 0.5]) });
    expect(certain.losses[0]).toBeCloseTo(-Math.log(0.25), 5);
  });

  it('refuses arrays of another size', () => {
    expect(() => scoreImage({ ...audited, likelihoods: outOfFold.subarray(1) })).toThrow(RangeError);
  });

  it('scores images of one channel, of one color, and with hardly a label or none', () => {
    const gray = new Uint8Array(width * height).fill(7);
    const few = new Uint8Array(labels.length).fill(255);
    few[0] = 2;
    for (const own of [labels, few, new Uint8Array(labels.length).fill(255)]) {
      const { wrong } = scoreImage({ ...audited, image: gray, labels: own });
      expect(wrong.every((value) => value >= 0 && value <= 1)).toBe(true);
    }
  });
});

describe('imageColors', () => {
  it('gives L*, a* and b* of pure colors, and the same around them in an image of one color', () => {
    const { count, values } = imageColors(Uint8Array.of(255, 0, 0, 255, 0, 0), { width: 2, height: 1 });
    expect(count).toBe(6);
    // CIE L*a*b* of sRGB red under D65.
    for (const [place, value] of [53.24, 80.09, 67.2].entries()) {
      expect(values[place]).toBeCloseTo(value, 1);
      expect(values[place + 3]).toBeCloseTo(value, 1);
    }
  });
});

describe('drawnRegions', () => {
  it('are the connected pixels of a label, without small ones', () => {
    const own = new Uint8Array(80).fill(255);
    own.fill(1, 0, 30).fill(2, 40, 69);
    const { count, ids, labels: classes, areas } = drawnRegions(own, { width: 10, height: 8 });
    expect([count, [...classes], [...areas]]).toEqual([1, [1], [30]]);
    expect([ids[0], ids[29], ids[30], ids[40]]).toEqual([0, 0, -1, -1]);
  });
});
