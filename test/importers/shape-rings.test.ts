/** Compares the rings of boxes and ellipses with their formulas. */

import { expect, test } from 'vitest';
import { boxRing, circleRing, ellipseRing } from '#importers/shape-rings.js';

function vertices(ring: readonly number[]): [number, number][] {
  return Array.from(
    { length: ring.length / 2 },
    (_, i) => [ring[2 * i], ring[2 * i + 1]] as [number, number],
  );
}

function rounded(ring: readonly number[]): number[] {
  return ring.map((value) => Math.round(value * 1e6) / 1e6 + 0);
}

test('a box has its four corners', () => {
  expect(boxRing({ left: 1, top: 2, width: 4, height: 3 })).toEqual([1, 2, 5, 2, 5, 5, 1, 5]);
  expect(boxRing({ left: 5, top: 5, width: -4, height: -3 })).toEqual([5, 5, 1, 5, 1, 2, 5, 2]);
});

test('a box is turned clockwise on the screen, about its center or its corner', () => {
  const box = { left: 10, top: 20, width: 4, height: 2, rotation: 90 };
  expect(rounded(boxRing(box))).toEqual([13, 19, 13, 23, 11, 23, 11, 19]);
  expect(rounded(boxRing({ ...box, about: 'corner' }))).toEqual([10, 20, 10, 24, 8, 24, 8, 20]);
  const eighth = vertices(boxRing({ left: -1, top: -1, width: 2, height: 2, rotation: 45 }));
  expect(rounded(eighth.flat())).toEqual(
    rounded([0, -Math.SQRT2, Math.SQRT2, 0, 0, Math.SQRT2, -Math.SQRT2, 0]),
  );
});

test.each([0.01, 0.4, 1, 7.3, 250, 4000])(
  'a circle of radius %d stays within 0.05 pixels of its ring',
  (radius) => {
    const ring = vertices(circleRing({ x: 3, y: -2, radius }));
    for (const [place, [x, y]] of ring.entries()) {
      expect(Math.hypot(x - 3, y + 2)).toBeCloseTo(radius, 8);
      const [nextX, nextY] = ring[(place + 1) % ring.length] as [number, number];
      const middle = Math.hypot((x + nextX) / 2 - 3, (y + nextY) / 2 + 2);
      expect(radius - middle).toBeLessThanOrEqual(0.05 + 1e-9);
    }
    const xs = ring.map(([x]) => x);
    expect(Math.max(...xs) - Math.min(...xs)).toBeCloseTo(2 * radius, 8);
  },
);

test('an ellipse is turned clockwise', () => {
  const ring = vertices(ellipseRing({ x: 10, y: 5, radiusX: 6, radiusY: 2, rotation: 30 }));
  const [cosine, sine] = [Math.cos(Math.PI / 6), Math.sin(Math.PI / 6)];
  for (const [x, y] of ring) {
    const along = (x - 10) * cosine + (y - 5) * sine;
    const across = -(x - 10) * sine + (y - 5) * cosine;
    expect((along / 6) ** 2 + (across / 2) ** 2).toBeCloseTo(1, 8);
  }
  // The far end of the long axis points right and down.
  const [x, y] = ring[0] as [number, number];
  expect([x, y]).toEqual([expect.closeTo(10 + 6 * cosine, 8), expect.closeTo(5 + 6 * sine, 8)]);
});

test('numbers that are none stay in the ring, and a huge radius takes little memory', () => {
  expect(circleRing({ x: 0, y: 0, radius: Number.NaN }).some(Number.isNaN)).toBe(true);
  expect(circleRing({ x: 0, y: 0, radius: 1e12 }).length).toBeLessThanOrEqual(40_000);
});
