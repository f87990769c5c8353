/**
 * Compares the drawing of polygons with Pillow, OpenCV and pycocotools, which may differ along the border, and with the rule
 * that a pixel belongs to a polygon if its center does, which must hold everywhere.
 */

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseRuns, runsMask } from '#geometry/index.js';
import { drawAnnotations } from '#importers/draw-annotations.js';

interface Case {
  readonly kind: string;
  readonly rings: number[][];
  readonly pillow: string;
  readonly opencv: string;
  readonly coco: string;
}

const golden: { width: number; height: number; cases: Case[] } = JSON.parse(
  readFileSync(new URL('./rasterization-golden.json', import.meta.url), 'utf8'),
);
const { width, height } = golden;

function drawn(rings: readonly (readonly number[])[]): Uint8Array {
  const annotations = [
    { className: 'one', shape: { kind: 'polygon', parts: [rings] }, place: 'here' } as const,
  ];
  return drawAnnotations(
    { annotations, source: 'file' },
    { width, height, labels: new Map([['one', 1]]), unlabeled: 0, onFinding: () => {} },
  ).values;
}

type Edge = readonly [number, number, number, number];

function edgesOf(rings: readonly (readonly number[])[]): Edge[] {
  return rings.flatMap((ring) =>
    Array.from({ length: ring.length / 2 }, (_, i): Edge => {
      const next = (2 * i + 2) % ring.length;
      return [ring[2 * i], ring[2 * i + 1], ring[next], ring[next + 1]] as unknown as Edge;
    }),
  );
}

/** Returns whether an edge comes within one pixel of (x, y), across and down: whether it enters that square. */
function isNear([x0, y0, x1, y1]: Edge, x: number, y: number): boolean {
  let [from, to] = [0, 1];
  for (const [start, step] of [
    [x0 - x, x1 - x0],
    [y0 - y, y1 - y0],
  ] as const) {
    if (step === 0 && Math.abs(start) > 1) return false;
    if (step === 0) continue;
    const [a, b] = [(-1 - start) / step, (1 - start) / step];
    from = Math.max(from, Math.min(a, b));
    to = Math.min(to, Math.max(a, b));
  }
  return from <= to;
}

const cases = golden.cases.map((example, index) => ({ ...example, name: `${index} (${example.kind})` }));

/** Names the pixels that differ and are further than one pixel from the border. */
function farDifferences(rings: readonly (readonly number[])[], reference: string): number[] {
  const ours = drawn(rings);
  const theirs = runsMask(parseRuns(reference), { width, height });
  const edges = edgesOf(rings);
  return [...ours.keys()].filter((pixel) => {
    const [x, y] = [(pixel % width) + 0.5, Math.floor(pixel / width) + 0.5];
    return ours[pixel] !== theirs[pixel] && !edges.some((edge) => isNear(edge, x, y));
  });
}

test.each(cases)(
  'polygon $name equals Pillow, OpenCV and pycocotools within a pixel of its border',
  (example) => {
    const { rings, pillow, opencv, coco } = example;
    expect(farDifferences(rings, opencv)).toEqual([]);
    expect(farDifferences(rings, coco)).toEqual([]);
    // Pillow moves corners to the pixels that they are in, so that is the border which it draws.
    const corners = rings.map((ring) => ring.map((value) => Math.trunc(value) + 0.5));
    expect(farDifferences(corners, pillow)).toEqual([]);
  },
);

test('a border that is moved by two pixels is noticed', () => {
  const moved = cases.filter(({ rings, opencv, coco }) => {
    const shifted = rings.map((ring) => ring.map((value, place) => (place % 2 === 0 ? value + 2 : value)));
    return farDifferences(shifted, opencv).length > 0 && farDifferences(shifted, coco).length > 0;
  });
  expect(moved.length).toBeGreaterThan(cases.length / 2);
});

test.each(cases)('the pixels of polygon $name are those whose center is inside', ({ rings }) => {
  const edges = edgesOf(rings);
  const expected = Uint8Array.from({ length: width * height }, (_, pixel) => {
    const [x, y] = [(pixel % width) + 0.5, Math.floor(pixel / width) + 0.5];
    const crossed = edges.filter(
      ([x0, y0, x1, y1]) => y0 > y !== y1 > y && x < x0 + ((y - y0) / (y1 - y0)) * (x1 - x0),
    );
    return crossed.length % 2;
  });
  expect(drawn(rings)).toEqual(expected);
});
