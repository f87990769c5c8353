/** Checks which pixels become rows: how many of each class, where, and that nothing but labels and seed decides. */

import { RandomStream } from 'coarsely/data';
import { describe, expect, test } from 'vitest';
import { choosePixels } from '#quick/choose-pixels.js';

const random = () => new RandomStream(7, [1, 2, 3]);

/** A map of 100×100 pixels: 90 rows of class 0, 9 of class 1, 1 of class 2 of which half is not labeled. */
function unequalLabels(): Uint8Array {
  return Uint8Array.from({ length: 10_000 }, (_, pixel) => {
    const row = Math.floor(pixel / 100);
    if (row < 90) return 0;
    if (row < 99) return 1;
    return pixel % 2 === 0 ? 2 : 255;
  });
}

function countsOf(labels: Uint8Array): number[] {
  return [0, 1, 2].map((label) => labels.filter((other) => other === label).length);
}

describe('choosePixels', () => {
  test('takes all labeled pixels where there are few', () => {
    const labels = new Uint8Array(1000).fill(255);
    labels[3] = 1;
    labels[998] = 0;
    const chosen = choosePixels(labels, { count: 2, random: random() });
    expect([...chosen.pixels]).toEqual([3, 998]);
    expect([...chosen.labels]).toEqual([1, 0]);
    expect([...chosen.multiplicities]).toEqual([1, 1]);
  });

  test('takes classes by their shares', () => {
    const chosen = choosePixels(unequalLabels(), { count: 995, random: random() });
    expect(countsOf(chosen.labels)).toEqual([900, 90, 5]);
    expect(new Set(chosen.pixels).size).toBe(995);
    // The rows stand for all labeled pixels together.
    expect(chosen.multiplicities.reduce((sum, value) => sum + value, 0)).toBeCloseTo(9950, 1);
  });

  test('takes rare classes alike, as far as they have pixels', () => {
    const chosen = choosePixels(unequalLabels(), { count: 600, random: random(), rareClasses: 1 });
    expect(countsOf(chosen.labels)).toEqual([275, 275, 50]);
    const [nine, three, one] = countsOf(
      choosePixels(unequalLabels(), { count: 100, random: random(), rareClasses: 0.5 }).labels,
    ) as [number, number, number];
    // Numbers are proportional to the roots of 9000, 900 and 50.
    expect([nine, three, one]).toEqual([72, 23, 5]);
  });

  test('gives every class a pixel where there is room', () => {
    const labels = new Uint8Array(100_000);
    labels[70_000] = 1;
    labels[80_000] = 2;
    expect(countsOf(choosePixels(labels, { count: 10, random: random() }).labels)).toEqual([8, 1, 1]);
    expect(choosePixels(labels, { count: 1, random: random() }).pixels).toHaveLength(1);
  });

  test('spreads the pixels over the image', () => {
    const { pixels } = choosePixels(new Uint8Array(10_000), { count: 100, random: random() });
    // One pixel in each hundredth of the map, at places that differ.
    expect([...pixels].map((pixel) => Math.floor(pixel / 100))).toEqual(
      Array.from({ length: 100 }, (_, row) => row),
    );
    expect(new Set([...pixels].map((pixel) => pixel % 100)).size).toBeGreaterThan(40);
  });

  test('is a function of labels and seed', () => {
    const choose = (seed: number) =>
      choosePixels(unequalLabels(), { count: 50, random: new RandomStream(seed, [0]) }).pixels;
    expect(choose(1)).toEqual(choose(1));
    expect(choose(1)).not.toEqual(choose(2));
  });

  test('an image without labels gives none', () => {
    expect(choosePixels(new Uint8Array(64).fill(255), { count: 9, random: random() }).pixels).toHaveLength(0);
  });
});
