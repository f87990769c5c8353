/** Tests coarse labels of small label images with known shapes. */

import { coarsenLabels } from 'coarsely/coarsen';
import { DataError } from 'coarsely/errors';
import { describe, expect, it } from 'vitest';
import { AgreementCounter, formatAgreement } from '#coarsen/label-agreement.js';

const width = 120;
const height = 90;
const options = { width, height, classCount: 5, seed: 7 };
const ignored = 255;

/** Returns labels of one class with rectangles [left, top, right, bottom) of others drawn over it in turn. */
function rectangles(
  background: number,
  drawn: readonly (readonly [label: number, left: number, top: number, right: number, bottom: number])[],
  size = { width, height },
): Uint8Array {
  const labels = new Uint8Array(size.width * size.height).fill(background);
  for (const [label, left, top, right, bottom] of drawn) {
    for (let y = top; y < bottom; y++) labels.fill(label, y * size.width + left, y * size.width + right);
  }
  return labels;
}

function count(labels: Uint8Array, label: number): number {
  return labels.reduce((sum, value) => sum + (value === label ? 1 : 0), 0);
}

function agreementOf(fine: Uint8Array, coarse: Uint8Array) {
  const counter = new AgreementCounter();
  counter.add(fine, coarse);
  return counter.result();
}

describe('coarsenLabels', () => {
  it('gives the same polygons for the same seed and others for another', () => {
    const fine = rectangles(0, [
      [1, 10, 10, 60, 70],
      [2, 70, 20, 110, 80],
    ]);
    const before = fine.slice();
    const first = coarsenLabels(fine, options);
    expect(coarsenLabels(fine, options)).toEqual(first);
    expect(coarsenLabels(fine, { ...options, seed: 8 })).not.toEqual(first);
    expect(fine).toEqual(before);
  });

  it('shrinks a rectangle by exactly its inset when nothing is random', () => {
    const fine = rectangles(ignored, [[3, 20, 20, 80, 60]]);
    // Half its thickness is 20 pixels, so pixels up to 5 from the border are left out.
    const exact = { insetShare: 0.25, insetLimit: 1, insetSpread: 0, jitter: 0, simplify: 0.2 };
    const coarse = coarsenLabels(fine, { ...options, ...exact });
    expect(coarse).toEqual(rectangles(ignored, [[3, 25, 25, 75, 55]]));
  });

  it('caps the inset by a share of the diagonal, and keeps none at the edge of the image', () => {
    const fine = rectangles(1, [[2, 60, 0, 120, 90]]);
    // The diagonal is 150 pixels, so 4 stay free on both sides of the border at x = 60.
    const exact = { insetShare: 1, insetLimit: 4 / 150, insetSpread: 0, jitter: 0, simplify: 0.2 };
    const coarse = coarsenLabels(fine, { ...options, ...exact });
    expect(coarse).toEqual(
      rectangles(ignored, [
        [1, 0, 0, 56, 90],
        [2, 64, 0, 120, 90],
      ]),
    );
  });

  it('never draws what is below the smallest area, and paints over it', () => {
    const speck = 3;
    const fine = rectangles(0, [[4, 60, 45, 60 + speck, 45 + speck]]);
    const parameters = { ...options, minimumArea: 10 / (width * height), jitter: 0, skip: 0 };
    expect(count(coarsenLabels(fine, parameters), 4)).toBe(0);
    expect(coarsenLabels(fine, parameters)[46 * width + 61]).toBe(0);
    // The same speck is drawn once it is large enough.
    const lower = { ...parameters, minimumArea: 9 / (width * height) };
    expect(count(coarsenLabels(fine, lower), 4)).toBeGreaterThan(0);
  });

  it('skips details more often the smaller they are, and surfaces never', () => {
    const share = (side: number): number => {
      const fine = rectangles(0, [[4, 50, 40, 50 + side, 40 + side]]);
      const seeds = Array.from({ length: 60 }, (_, seed) => coarsenLabels(fine, { ...options, seed }));
      expect(seeds.every((coarse) => count(coarse, 0) > 0.5 * width * height)).toBe(true);
      return seeds.filter((coarse) => count(coarse, 4) === 0).length / seeds.length;
    };
    const [small, large] = [share(3), share(7)];
    expect(small).toBeGreaterThan(large + 0.15);
    expect(large).toBeGreaterThan(0);
    expect(share(20)).toBe(0);
  });

  it('draws a pole as a thin stroke along its middle, and the surface behind it as one', () => {
    const fine = rectangles(1, [[2, 58, 10, 62, 80]]);
    const coarse = coarsenLabels(fine, {
      ...options,
      skip: 0,
      jitter: 0,
      strokeWidth: 0.5,
      detailThickness: 0.04,
    });
    const pole = rectangles(ignored, [[2, 59, 12, 61, 78]]);
    expect(count(coarse, 2)).toBe(2 * 66);
    expect(coarse.every((label, pixel) => (label === 2) === (pole[pixel] === 2))).toBe(true);
    // The background crosses the pole: its two halves became one polygon, without a gap around the pole.
    expect(coarse[45 * width + 57]).toBe(1);
    expect(coarse[45 * width + 62]).toBe(1);
  });

  it('draws a sign on its post as a stroke, and a wedge as a polygon', () => {
    const sign = rectangles(0, [
      [2, 58, 20, 62, 80],
      [2, 53, 10, 67, 22],
    ]);
    const post = coarsenLabels(sign, { ...options, jitter: 0 });
    const widths = Array.from({ length: 50 }, (_, i) =>
      count(post.subarray((25 + i) * width, (26 + i) * width), 2),
    );
    expect(new Set(widths).size).toBe(1);
    expect(widths[0]).toBeLessThanOrEqual(4);

    const rows = Array.from({ length: 60 }, (_, i) => [1, 50, 10 + i, 51 + i / 6, 11 + i] as const);
    const wedge = coarsenLabels(
      rectangles(
        0,
        rows.map(([c, l, t, r, b]) => [c, l, t, Math.floor(r), b]),
      ),
      {
        ...options,
        jitter: 0,
        simplify: 0.5,
        insetSpread: 0,
      },
    );
    expect(count(wedge.subarray(60 * width, 61 * width), 1)).toBeGreaterThan(
      count(wedge.subarray(40 * width, 41 * width), 1),
    );
  });

  it('keeps a one-pixel line, lying or leaning, and never widens it beyond its jitter', () => {
    const lying = rectangles(0, [[2, 10, 50, 110, 51]]);
    const leaning = rectangles(
      0,
      Array.from({ length: 60 }, (_, i) => [2, 30 + (i >> 1), 15 + i, 32 + (i >> 1), 16 + i] as const),
    );
    for (const fine of [lying, leaning]) {
      const coarse = coarsenLabels(fine, { ...options, skip: 0 });
      expect(count(coarse, 2)).toBeGreaterThan(0.5 * count(fine, 2));
      expect(count(coarse, 2)).toBeLessThan(1.2 * count(fine, 2));
    }
  });

  it('paints over a small hole and leaves a large one out', () => {
    const exact = {
      ...options,
      jitter: 0,
      insetSpread: 0,
      simplify: 0.2,
      insetLimit: 0.01,
      detailArea: 0.0001,
    };
    const hole = (side: number): Uint8Array =>
      coarsenLabels(rectangles(1, [[ignored, 40, 30, 40 + side, 30 + side]]), exact);
    expect(count(hole(6), 1)).toBe(width * height);
    const large = hole(30);
    expect(large[45 * width + 55]).toBe(ignored);
    expect(large[5 * width + 5]).toBe(1);
  });

  it('paints the smaller of two regions on top', () => {
    const fine = rectangles(1, [[2, 40, 30, 70, 60]]);
    const coarse = coarsenLabels(fine, { ...options, holeArea: 1, insetSpread: 0 });
    expect(coarse[45 * width + 55]).toBe(2);
    // The hole around it was painted over, up to its polygon.
    expect(coarse[31 * width + 41]).toBe(1);
  });

  it('uses few vertices: a ragged border becomes straight', () => {
    const teeth = Array.from({ length: 60 }, (_, i) => [1, 20, 10 + i, 90 + 3 * (i % 2), 11 + i] as const);
    const coarse = coarsenLabels(rectangles(ignored, teeth), { ...options, jitter: 0 });
    const ends = Array.from({ length: 30 }, (_, i) =>
      coarse.subarray((25 + i) * width, (26 + i) * width).lastIndexOf(1),
    );
    const steps = ends.slice(1).map((end, i) => Math.abs(end - (ends[i] as number)));
    expect(Math.max(...steps)).toBeLessThanOrEqual(1);
  });

  it('gives the same shares at twice the size', () => {
    const fine = rectangles(0, [
      [1, 0, 0, 50, 60],
      [2, 70, 20, 110, 80],
      [3, 20, 30, 24, 88],
    ]);
    const double = new Uint8Array(4 * fine.length);
    for (let y = 0; y < 2 * height; y++) {
      for (let x = 0; x < 2 * width; x++) {
        double[y * 2 * width + x] = fine[(y >> 1) * width + (x >> 1)] as number;
      }
    }
    const coverage = (labels: Uint8Array, scale: number): number => {
      const counter = new AgreementCounter();
      for (let seed = 0; seed < 12; seed++) {
        const size = { width: scale * width, height: scale * height };
        counter.add(labels, coarsenLabels(labels, { ...options, ...size, seed }));
      }
      return counter.result().coverage;
    };
    expect(Math.abs(coverage(double, 2) - coverage(fine, 1))).toBeLessThan(0.03);
  });

  it('leaves unlabeled images and images of details alone unlabeled', () => {
    const nothing = rectangles(ignored, []);
    expect(coarsenLabels(nothing, options)).toEqual(nothing);
    const speck = rectangles(ignored, [[1, 4, 4, 5, 5]]);
    expect(coarsenLabels(speck, options)).toEqual(nothing);
    const one = Uint8Array.of(2);
    expect(coarsenLabels(one, { ...options, width: 1, height: 1 })).toHaveLength(1);
  });

  it('uses the given ignored value and no label that the image does not have', () => {
    const fine = rectangles(1, [[2, 40, 30, 70, 60]]);
    const coarse = coarsenLabels(fine, { ...options, ignoreIndex: 9 });
    expect([...new Set(coarse)].sort()).toEqual([1, 2, 9]);
  });

  it('rejects labels of no class and of another size', () => {
    const fine = rectangles(0, [[6, 3, 2, 5, 4]]);
    expect(() => coarsenLabels(fine, options)).toThrow(DataError);
    expect(() => coarsenLabels(fine, options)).toThrow(
      'label 6 at x 3, y 2 is no class: expected 0–4, or 255',
    );
    expect(() => coarsenLabels(fine.subarray(1), options)).toThrow(
      'expected 120×90 = 10800 labels, received 10799',
    );
  });
});

describe('AgreementCounter', () => {
  it('counts coverage and agreement, over all and for each class', () => {
    const fine = Uint8Array.of(0, 0, 0, 0, 1, 1, 255, 255);
    const coarse = Uint8Array.of(0, 0, 1, 255, 1, 255, 0, 255);
    const result = agreementOf(fine, coarse);
    expect(result.finePixels).toBe(6);
    expect(result.coveredPixels).toBe(4);
    expect(result.coverage).toBeCloseTo(4 / 6);
    expect(result.agreement).toBeCloseTo(3 / 4);
    expect(result.outsidePixels).toBe(1);
    expect(result.perClass).toEqual([
      { classIndex: 0, finePixels: 4, coverage: 0.5, agreement: 1 },
      { classIndex: 1, finePixels: 2, coverage: 1, agreement: 0.5 },
    ]);
  });

  it('adds up over images and prints a line for each class', () => {
    const counter = new AgreementCounter();
    counter.add(Uint8Array.of(0, 1), Uint8Array.of(0, 255));
    counter.add(Uint8Array.of(0, 1), Uint8Array.of(255, 255));
    const lines = formatAgreement(counter.result(), { classNames: ['road'] }).split('\n');
    expect(lines.map((line) => line.trim().split(/\s+/))).toEqual([
      ['coverage', 'agreement'],
      ['all', '0.250', '1.000'],
      ['road', '0.500', '1.000'],
      ['class', '1', '0.000', '–'],
    ]);
  });
});
