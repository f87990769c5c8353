/** Draws annotations of small images and compares them with rows by hand. */

import { describe, expect, test } from 'vitest';
import type { Annotation, Shape } from '#importers/annotations.js';
import { type DrawAnnotationsOptions, drawAnnotations } from '#importers/draw-annotations.js';
import { drawSparse } from '#importers/draw-sparse.js';
import type { ImportFinding } from '#importers/importer.js';
import { boxRing } from '#importers/shape-rings.js';
import { rowsOfBytes } from '../support/rows.js';

const size = { width: 8, height: 5 };
const labels = new Map([
  ['road', 0],
  ['car', 1],
  ['gone', null],
]);
const characters = { 0: 'r', 1: 'c', 7: 'b', 255: '.' };

function box(left: number, top: number, width: number, height: number): Shape {
  return { kind: 'polygon', parts: [[boxRing({ left, top, width, height })]] };
}

function annotated(shapes: readonly (readonly [string | null, Shape, number?])[]): Annotation[] {
  return shapes.map(([className, shape, z], index) => ({
    className,
    shape,
    place: `shapes[${index}]`,
    ...(z !== undefined && { z }),
  }));
}

function draw(
  shapes: readonly (readonly [string | null, Shape, number?])[],
  options: Partial<DrawAnnotationsOptions> = {},
) {
  const findings: ImportFinding[] = [];
  const { values, overlapping } = drawAnnotations(
    { annotations: annotated(shapes), source: 'a.json' },
    { ...size, labels, onFinding: (finding) => findings.push(finding), ...options },
  );
  return { rows: rowsOfBytes(values, { width: size.width, characters }), findings, overlapping };
}

describe('drawing', () => {
  const large = ['road', box(0, 0, 6, 5)] as const;
  const small = ['car', box(4, 1, 3, 2)] as const;

  test('large shapes come first, so that small ones stay visible', () => {
    const { rows, overlapping, findings } = draw([small, large]);
    expect(rows).toEqual(['rrrrrr..', 'rrrrccc.', 'rrrrccc.', 'rrrrrr..', 'rrrrrr..']);
    expect(overlapping).toBe(4);
    expect(findings).toEqual([]);
  });

  test('the order of the file lets later shapes lie on top', () => {
    const { rows } = draw([small, large], { order: 'file' });
    expect(rows).toEqual(['rrrrrr..', 'rrrrrrc.', 'rrrrrrc.', 'rrrrrr..', 'rrrrrr..']);
  });

  test('the order z follows the tool, and the file among equals', () => {
    const { rows } = draw([['car', small[1], 2], large], { order: 'z' });
    expect(rows[1]).toBe('rrrrccc.');
    expect(draw([small, large], { order: 'z' }).rows[1]).toBe('rrrrrrc.');
    expect(draw([['car', small[1], -1], large], { order: 'z' }).rows[1]).toBe('rrrrrrc.');
  });

  test('rings inside rings are holes, and parts are united', () => {
    const parts = [
      [boxRing({ left: 0, top: 0, width: 5, height: 5 }), boxRing({ left: 1, top: 1, width: 3, height: 3 })],
      [boxRing({ left: 4, top: 2, width: 4, height: 1 })],
    ];
    const { rows } = draw([['car', { kind: 'polygon', parts }]]);
    expect(rows).toEqual(['ccccc...', 'c...c...', 'c...cccc', 'c...c...', 'ccccc...']);
  });

  test('a mask lies in its box and is cut off at the edge of the image', () => {
    const mask = Uint8Array.of(1, 0, 1, 0, 1, 1);
    const at = (left: number, top: number): Shape => ({ kind: 'mask', left, top, width: 3, height: 2, mask });
    expect(draw([['car', at(2, 1)]]).rows).toEqual([
      '........',
      '..c.c...',
      '...cc...',
      '........',
      '........',
    ]);
    const { rows, findings } = draw([
      ['car', at(-2, -1)],
      ['car', at(7, 4)],
    ]);
    expect(rows).toEqual(['c.......', '........', '........', '........', '.......c']);
    expect(findings.map(({ code }) => code)).toEqual(['reaches-outside', 'reaches-outside']);
  });

  test('shapes without a class are ignored pixels, also where the rest is background', () => {
    const shapes = [large, [null, box(1, 1, 2, 2)]] as const;
    expect(draw(shapes, { unlabeled: 7 }).rows.slice(0, 2)).toEqual(['rrrrrrbb', 'r..rrrbb']);
  });

  test('a class that is not kept is drawn as unlabeled, not as what lies below it', () => {
    expect(draw([large, ['gone', box(1, 1, 2, 1)]], { unlabeled: 7 }).rows[1]).toBe('rbbrrrbb');
    expect(draw([large, ['gone', box(1, 1, 2, 1)]]).rows[1]).toBe('r..rrr..');
  });

  test('a raster lies below the shapes', () => {
    const findings: ImportFinding[] = [];
    const raster = {
      width: 4,
      height: 2,
      values: Uint8Array.of(0, 1, 2, 3, 9, 4, 4, 0),
      names: ['road', 'car', null, 'bus', undefined],
      unlabeledValue: 9,
    };
    const image = { raster, annotations: annotated([['car', box(3, 1, 1, 1)]]), source: 'a.png' };
    const options = { labels, onFinding: (finding: ImportFinding) => findings.push(finding) };
    const { values } = drawAnnotations(image, { ...options, width: 4, height: 2, unlabeled: 7 });
    expect(rowsOfBytes(values, { width: 4, characters })).toEqual(['rc.b', 'bbbc']);
    expect(findings.map(({ message }) => message)).toEqual([
      "the class 'bus' is not in the list of classes; its pixels are left unlabeled",
      'the value 4 belongs to no class; its pixels are left unlabeled',
    ]);
    expect(() => drawAnnotations(image, { ...options, width: 2, height: 4 })).toThrow(
      'a.png: labels of 4×2 pixels for an image of 2×4; expected the same size',
    );
  });
});

describe('what cannot be drawn is named', () => {
  const polygon = (...ring: number[]): Shape => ({ kind: 'polygon', parts: [[ring]] });

  test.each<[string, Shape, string]>([
    ['degenerate-shape', polygon(1, 1, 4, 4), 'a polygon of fewer than 3 points is left out'],
    ['degenerate-shape', { kind: 'polygon', parts: [] }, 'a polygon of fewer than 3 points is left out'],
    ['invalid-coordinate', polygon(1, 1, Number.NaN, 1, 4, 4), 'not a number, or not near the image'],
    ['invalid-coordinate', polygon(1, 1, Infinity, 1, 4, 4), 'not a number, or not near the image'],
    ['invalid-coordinate', polygon(1, 1, 1e300, 1, 4, 4), 'not a number, or not near the image'],
    ['outside-image', box(8, 0, 3, 3), 'a polygon that lies outside the image is left out'],
    ['reaches-outside', box(6, 0, 4, 3), 'a polygon that reaches outside the image is cut off at its edge'],
    ['empty-shape', polygon(1.6, 1, 3.4, 1.4, 3.4, 1.3), 'contains the center of no pixel'],
    ['empty-shape', polygon(1, 1, 1, 1, 1, 1), 'contains the center of no pixel'],
    [
      'degenerate-shape',
      { kind: 'mask', left: 0, top: 0, width: 3, height: 3, mask: new Uint8Array(4) },
      'a mask that does not fill its box is left out',
    ],
  ])('%s: %j', (code, shape, message) => {
    const { findings } = draw([['car', shape]]);
    expect(findings).toEqual([
      { code, message: expect.stringContaining(message), example: 'a.json: shapes[0]' },
    ]);
  });

  test('a polygon with a degenerate part keeps the others', () => {
    const parts = [[[1, 1, 2, 2]], [boxRing({ left: 0, top: 0, width: 2, height: 1 })]];
    const { rows, findings } = draw([['car', { kind: 'polygon', parts }]]);
    expect(rows[0]).toBe('cc......');
    expect(findings.map(({ code }) => code)).toEqual(['degenerate-part']);
  });

  test('up to a pixel beyond the edge is rounding', () => {
    expect(draw([['car', box(-1, -1, 10, 7)]]).findings).toEqual([]);
  });

  test('unknown classes and hidden shapes', () => {
    const { findings } = draw([
      ['bus', box(0, 0, 2, 2)],
      ['car', box(0, 0, 2, 2)],
      ['road', box(0, 0, 2, 2)],
    ]);
    expect(findings.map(({ code, example }) => [code, example])).toEqual([
      ['unknown-class', 'a.json: shapes[0]'],
      ['hidden-shape', 'a.json: shapes[1]'],
    ]);
  });
});

describe('points and lines', () => {
  function sparse(shapes: readonly (readonly [string | null, Shape])[], radius: number) {
    const findings: ImportFinding[] = [];
    const drawn = drawSparse(
      { annotations: annotated(shapes), source: 'a.json' },
      { ...size, labels, radius, onFinding: (finding) => findings.push(finding) },
    );
    const rows = drawn.values && rowsOfBytes(drawn.values, { width: size.width, characters });
    return { rows, findings, points: drawn.points.map(({ x, y, class: label }) => [x, y, label]) };
  }
  const points = (...list: number[]): Shape => ({ kind: 'points', points: list });
  const line = (...list: number[]): Shape => ({ kind: 'line', line: list });

  test('a point is the pixel that it lies in, with radius 0', () => {
    const { rows, points: list } = sparse([['car', points(2.9, 1.1, 6, 4)]], 0);
    expect(rows).toEqual(['........', '..c.....', '........', '........', '......c.']);
    expect(list).toEqual([
      [2, 1, 1],
      [6, 4, 1],
    ]);
  });

  test('a radius is measured to the centers of pixels', () => {
    expect(sparse([['car', points(2.5, 2.5)]], 1).rows).toEqual([
      '........',
      '..c.....',
      '.ccc....',
      '..c.....',
      '........',
    ]);
  });

  test('a line is followed through every pixel that it passes', () => {
    expect(sparse([['road', line(0.5, 0.5, 6.5, 3.5)]], 0).rows).toEqual([
      'rr......',
      '.rrr....',
      '...rrr..',
      '.....rr.',
      '........',
    ]);
    const flat = sparse([['road', line(1, 2.5, 5, 2.5)]], 1);
    expect(flat.rows).toEqual(['........', '.rrrr...', 'rrrrrr..', '.rrrr...', '........']);
  });

  test('the nearest point decides, and contradictions are left out and named', () => {
    expect(
      sparse(
        [
          ['road', points(1.5, 2.5)],
          ['car', points(5.5, 2.5)],
        ],
        2,
      ).rows?.[2],
    ).toBe('rrrrcccc');
    const {
      rows,
      findings,
      points: list,
    } = sparse(
      [
        ['road', points(3.2, 2.2)],
        ['car', points(3.8, 2.8)],
      ],
      0,
    );
    expect(rows?.join('')).toBe('.'.repeat(40));
    expect(list).toEqual([]);
    expect(findings.map(({ code, example }) => [code, example])).toEqual([
      ['contradicting-points', 'a.json: shapes[1]'],
    ]);
  });

  test('on the far edge they belong to the last pixel; outside they are named', () => {
    const { points: list, findings } = sparse([['car', points(8, 5, -0.5, 0)]], 0);
    expect(list).toEqual([
      [0, 0, 1],
      [7, 4, 1],
    ]);
    expect(findings).toEqual([]);
    expect(sparse([['car', points(12, 2)]], 0).findings[0]?.code).toBe('outside-image');
    expect(sparse([['car', points(Number.NaN, 2)]], 0).findings[0]?.code).toBe('invalid-coordinate');
    expect(sparse([['car', line(-5, 0.5, 3, 0.5)]], 0).rows?.[0]).toBe('cccc....');
    expect(sparse([['car', points(1, 1, 30, 1)]], 0).findings[0]?.code).toBe('reaches-outside');
  });

  test('an image without them has no sparse map', () => {
    expect(sparse([['car', box(0, 0, 3, 3)]], 2).rows).toBeNull();
  });

  test('they equal a slow reference', () => {
    const marks: [string, Shape][] = [
      ['road', line(0.3, 4.4, 3.7, 0.2, 7.6, 3.1)],
      ['car', points(1.2, 1.4, 6.9, 0.3)],
    ];
    const radius = 1.3;
    const segments: [number, number, number, number, number][] = [
      [0.3, 4.4, 3.7, 0.2, 0],
      [3.7, 0.2, 7.6, 3.1, 0],
      [1.2, 1.4, 1.2, 1.4, 1],
      [6.9, 0.3, 6.9, 0.3, 1],
    ];
    const { rows } = sparse(marks, radius);
    const expected = Array.from({ length: 40 }, (_, pixel) => {
      const [x, y] = [(pixel % 8) + 0.5, Math.floor(pixel / 8) + 0.5];
      const near = segments.map(([x0, y0, x1, y1, label]) => {
        const places = Array.from({ length: 2001 }, (_, i) => i / 2000);
        return [
          Math.min(...places.map((t) => Math.hypot(x - x0 - t * (x1 - x0), y - y0 - t * (y1 - y0)))),
          label,
        ];
      });
      const [distance, label] = near.sort((a, b) => (a[0] as number) - (b[0] as number))[0] as [
        number,
        number,
      ];
      return distance <= radius ? (label === 0 ? 'r' : 'c') : '.';
    });
    expect(rows?.join('')).toBe(expected.join(''));
  });
});
