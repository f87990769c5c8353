/** Outlines regions and draws them again; cuts regions with holes. */

import { RandomStream } from 'coarsely/data';
import { describe, expect, test } from 'vitest';
import { connectedComponents, cutHoles, fillRings, outlineRegions, traceRings } from '#geometry/index.js';
import { bytesOfRows } from '../support/rows.js';

function regionsOf(rows: readonly string[]) {
  const size = { width: rows[0]?.length ?? 0, height: rows.length };
  const values = bytesOfRows(rows, { '.': 255, a: 0, b: 1, c: 2 });
  return { size, ...connectedComponents(values, { ...size, connectivity: 4, excluded: 255 }) };
}

/** Draws labels of few large blobs: the class of the nearest of some random points. */
function blobs({ width, height, seed }: { width: number; height: number; seed: number }) {
  const random = new RandomStream(seed, [0]);
  const centers = Array.from(
    { length: 14 },
    (_, i) => [random.uniform() * width, random.uniform() * height, i % 5] as const,
  );
  return Uint8Array.from({ length: width * height }, (_, pixel) => {
    const [x, y] = [(pixel % width) + 0.5, Math.floor(pixel / width) + 0.5];
    const wave = 3 * Math.sin(x / 5) + 2 * Math.sin(y / 3);
    const near = centers.map(([cx, cy, label]) => [Math.hypot(x - cx + wave, y - cy), label] as const);
    const label = near.sort((a, b) => a[0] - b[0])[0]?.[1] ?? 0;
    return label === 4 ? 255 : label;
  });
}

function drawnIds(
  regions: readonly { id: number; rings: readonly (readonly number[])[] }[],
  size: { width: number; height: number },
) {
  const covers = new Uint8Array(size.width * size.height);
  const ids = new Int32Array(covers.length).fill(-1);
  let twice = 0;
  for (const { id, rings } of regions) {
    const mask = new Uint8Array(covers.length);
    fillRings(mask, { rings, value: 1, ...size });
    for (const [pixel, inside] of mask.entries()) {
      if (inside === 0) continue;
      if (ids[pixel] !== -1) twice++;
      ids[pixel] = id;
    }
  }
  return { ids, twice };
}

describe('outlines', () => {
  test('without tolerance give the regions back', () => {
    for (let seed = 0; seed < 4; seed++) {
      const size = { width: 41, height: 29 };
      const random = new RandomStream(seed, [0]);
      const values = Uint8Array.from(
        { length: 41 * 29 },
        () => [0, 1, 255][Math.floor(random.uniform() * 3)] as number,
      );
      const { ids } = connectedComponents(values, { ...size, connectivity: 4, excluded: 255 });
      const regions = outlineRegions(ids, { ...size, tolerance: 0 });
      expect(drawnIds(regions, size)).toEqual({ ids, twice: 0 });
      expect(regions.some(({ kept }) => kept)).toBe(false);
    }
  });

  test.each([0.5, 1, 3])('with tolerance %d stay within it, and have far fewer corners', (tolerance) => {
    const size = { width: 90, height: 70 };
    const values = blobs({ ...size, seed: 3 });
    const { ids } = connectedComponents(values, { ...size, connectivity: 4, excluded: 255 });
    const exact = outlineRegions(ids, { ...size, tolerance: 0 });
    const regions = outlineRegions(ids, { ...size, tolerance });
    const corners = (list: typeof exact) =>
      list.flatMap(({ rings }) => rings).reduce((sum, ring) => sum + ring.length / 2, 0);
    expect(corners(regions)).toBeLessThan(corners(exact) * (tolerance === 0.5 ? 0.95 : 0.4));
    const drawn = drawnIds(regions, size);
    expect(drawn.twice).toBe(0);
    const distances: number[] = [];
    for (const [pixel, id] of ids.entries()) {
      if (drawn.ids[pixel] === id) continue;
      distances.push(distanceToBorder(ids, pixel, size));
    }
    expect(Math.max(0, ...distances)).toBeLessThanOrEqual(tolerance + 1e-9);
    if (tolerance > 0.5) expect(distances.length).toBeGreaterThan(0);
  });

  test('leave no gap between neighbors', () => {
    const size = { width: 90, height: 70 };
    const values = blobs({ ...size, seed: 5 }).map((label) => (label === 255 ? 4 : label));
    const { ids } = connectedComponents(values, { ...size, connectivity: 4 });
    const drawn = drawnIds(outlineRegions(ids, { ...size, tolerance: 1 }), size);
    expect(drawn.twice).toBe(0);
    expect(drawn.ids.indexOf(-1)).toBe(-1);
    expect(drawn.ids).not.toEqual(ids);
  });

  test('of neighbors share their corners, whichever region is on which side', () => {
    // A staircase between a and b: both get the same straight border.
    const { ids, size } = regionsOf(['aaab', 'aabb', 'abbb', 'bbbb']);
    const [a, b] = outlineRegions(ids, { ...size, tolerance: 1 });
    expect(fromTop(a?.rings[0] ?? [])).toEqual([0, 0, 3, 0, 0, 3]);
    expect(fromTop(b?.rings[0] ?? [])).toEqual([3, 0, 4, 0, 4, 4, 0, 4, 0, 3]);
  });

  test('have no lines there and back where something thin lies between', () => {
    const { ids, size } = regionsOf(['aaaaaa', 'aa.aaa', 'aaa.aa', 'aaaaaa', 'bbbbbb']);
    const regions = outlineRegions(ids, { ...size, tolerance: 1 });
    expect(regions.map(({ rings, kept }) => [rings.length, kept])).toEqual([
      [2, true],
      [1, false],
    ]);
    // The open pixels touch at a corner, and the upper one is thinner than the tolerance.
    const open = regionsOf(['aaaaaa', 'aa.aaa', 'aaa.aa', 'bbbbbb']);
    const [a] = outlineRegions(open.ids, { ...open.size, tolerance: 1 });
    expect(fromTop(a?.rings[0] ?? [])).toEqual([0, 0, 6, 0, 6, 3, 4, 3, 3, 2, 3, 3, 0, 3]);
  });

  test('keep a region that would vanish', () => {
    const { ids, size } = regionsOf(['......', '.aaaa.', '......']);
    const [region] = outlineRegions(ids, { ...size, tolerance: 2 });
    expect(region?.kept).toBe(true);
    expect(fromTop(region?.rings[0] ?? [])).toEqual([1, 1, 5, 1, 5, 2, 1, 2]);
  });
});

/** Turns a ring so that it begins with its first corner in reading order. */
function fromTop(ring: readonly number[]): number[] {
  let start = 0;
  for (let place = 2; place < ring.length; place += 2) {
    const [x, y] = [ring[place] as number, ring[place + 1] as number];
    if (y < (ring[start + 1] as number) || (y === ring[start + 1] && x < (ring[start] as number)))
      start = place;
  }
  return [...ring.slice(start), ...ring.slice(0, start)];
}

/** Returns how far the center of a pixel is from the nearest edge between two regions, by looking at all of them. */
function distanceToBorder(
  ids: Int32Array,
  pixel: number,
  { width, height }: { width: number; height: number },
): number {
  const [x, y] = [(pixel % width) + 0.5, Math.floor(pixel / width) + 0.5];
  let nearest = Infinity;
  const clamp = (value: number, low: number) => Math.min(low + 1, Math.max(low, value));
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const here = ids[row * width + column];
      if (column + 1 < width && ids[row * width + column + 1] !== here) {
        nearest = Math.min(nearest, Math.hypot(column + 1 - x, clamp(y, row) - y));
      }
      if (row + 1 < height && ids[(row + 1) * width + column] !== here) {
        nearest = Math.min(nearest, Math.hypot(clamp(x, column) - x, row + 1 - y));
      }
    }
  }
  return nearest;
}

describe('cutting', () => {
  function expectCut(ids: Int32Array, size: { width: number; height: number }) {
    const cut = cutHoles(ids, size);
    expect(traceRings(cut.ids, size).filter(({ area }) => area < 0)).toEqual([]);
    const whole = cut.ids.map((part) => (part === -1 ? -1 : (cut.regions[part] as number)));
    expect(whole).toEqual(ids);
    return cut;
  }

  test('takes holes out of regions and loses no pixel', () => {
    const { ids, size } = regionsOf(['aaaaaaa', 'a.a...a', 'aaa.b.a', 'a.a...a', 'aaaaaaa']);
    // Two small holes above each other and a large one beside both: two cuts, and the middle falls into two parts.
    const { regions } = expectCut(ids, size);
    expect([...regions].sort()).toEqual([0, 0, 0, 0, 1]);
  });

  test('leaves regions without holes whole', () => {
    const { ids, size, count } = regionsOf(['aab.', 'a.bb', 'aab.']);
    expect(expectCut(ids, size).regions).toHaveLength(count);
  });

  test('works for holes in parts, holes that touch at corners, and noise', () => {
    const nested = regionsOf(['aaaaaaa', 'abbbbba', 'ab...ba', 'ab.c.ba', 'ab...ba', 'abbbbba', 'aaaaaaa']);
    expectCut(nested.ids, nested.size);
    const touching = regionsOf(['aaaaa', 'a.aaa', 'aa.aa', 'aaa.a', 'aaaaa']);
    expectCut(touching.ids, touching.size);
    const size = { width: 40, height: 30 };
    const random = new RandomStream(5, [0]);
    const values = Uint8Array.from({ length: 1200 }, () => (random.uniform() < 0.8 ? 0 : 255));
    expectCut(connectedComponents(values, { ...size, connectivity: 4, excluded: 255 }).ids, size);
  });
});
