/** Regions of suspected pixels: what joins them, what they count, and whether they are edges or objects. */

import { describe, expect, it } from 'vitest';
import { findRegions } from '#audit/find-regions.js';

const size = { width: 12, height: 12 };

/** Reads rows of digits, 255 for a dot. */
function labelMap(rows: readonly string[]): Uint8Array {
  return Uint8Array.from(rows.join(''), (letter) => (letter === '.' ? 255 : Number(letter)));
}

const labels = labelMap(Array.from({ length: 12 }, (_, y) => (y < 10 ? '000000000000' : '............')));

/** Returns suspicions that name class 1 with this probability in a rectangle, and the given class elsewhere. */
function suspicions(inside: (x: number, y: number) => number) {
  const wrong = new Float32Array(144);
  for (let pixel = 0; pixel < 144; pixel++) wrong[pixel] = inside(pixel % 12, Math.floor(pixel / 12));
  return {
    wrong,
    suggested: Uint8Array.from(wrong, (value) => (value > 0 ? 1 : 0)),
    confidence: wrong.map((value) => value / 2),
    losses: wrong.map((value) => 2 * value),
  };
}

describe('findRegions', () => {
  it('joins pixels of one given and one suggested class, with their sums and means', () => {
    const found = findRegions(
      suspicions((x, y) => (x >= 2 && x < 7 && y >= 1 && y < 9 ? 0.75 : x === 11 && y < 2 ? 0.9 : 0)),
      { labels, size, classCount: 2 },
    );
    // The two pixels in the corner are fewer than 16.
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({
      box: [2, 1, 5, 8],
      given: 0,
      suggested: 1,
      expectedWrong: 30,
      confidence: 0.375,
      loss: 1.5,
    });
    expect(found[0]?.pixels).toHaveLength(40);
    expect(found[0]?.pixels[0]).toBe(14);
  });

  it('leaves out pixels below the threshold and those without a label, and puts the larger region first', () => {
    const suspected = suspicions((x, y) => (x < 2 ? 0.6 : x >= 6 ? 0.9 : x === 4 && y < 12 ? 0.4 : 0));
    const found = findRegions(suspected, { labels, size, classCount: 2 });
    expect(found.map(({ pixels }) => pixels.length)).toEqual([60, 20]);
    expect(found[0]?.expectedWrong).toBeCloseTo(54, 4);
  });

  it('calls a strip along the border of a label an edge, and what reaches into it an object', () => {
    const strip = findRegions(
      suspicions((_, y) => (y >= 7 ? 0.9 : 0)),
      { labels, size, classCount: 2 },
    );
    const object = findRegions(
      suspicions((_, y) => (y >= 3 ? 0.9 : 0)),
      { labels, size, classCount: 2 },
    );
    expect([strip[0]?.kind, object[0]?.kind]).toEqual(['edge', 'object']);
  });

  it('separates regions by given and by suggested class', () => {
    const halves = labels.map((_, pixel) => (pixel % 12 < 6 ? 0 : 1));
    const suspected = { ...suspicions(() => 0.9), suggested: new Uint8Array(144).fill(2) };
    const found = findRegions(suspected, { labels: halves, size, classCount: 3 });
    expect(found.map(({ given, suggested }) => [given, suggested])).toEqual([
      [0, 2],
      [1, 2],
    ]);
  });
});
