/** Reads the shapes of CVAT from the attributes of their elements. */

import type { Shape } from '../annotations.js';
import { parseBoxRuns } from '../box-runs.js';
import { numberOf } from '../coordinates.js';
import { boxRing, ellipseRing } from '../shape-rings.js';

/** Says why a shape is left out, as a code and a message of `ImportFinding`. */
type Tell = (code: string, message: string) => void;

type Attributes = ReadonlyMap<string, string>;

const readers: ReadonlyMap<string, (attributes: Attributes, tell: Tell) => Shape | null> = new Map([
  ['box', box],
  ['polygon', (attributes) => ({ kind: 'polygon', parts: [[pointsOf(attributes)]] })],
  ['polyline', (attributes) => ({ kind: 'line', line: pointsOf(attributes) })],
  ['points', (attributes) => ({ kind: 'points', points: pointsOf(attributes) })],
  ['ellipse', ellipse],
  ['mask', mask],
]);

/** Lists the elements that are shapes, in an image or in a track. */
export const shapeNames: ReadonlySet<string> = new Set([...readers.keys(), 'cuboid', 'skeleton']);

/** Returns what a shape covers, or null after saying why it is left out. */
export function shapeOf(name: string, attributes: Attributes, tell: Tell): Shape | null {
  const read = readers.get(name);
  if (read !== undefined) return read(attributes, tell);
  tell('unknown-shape', `a ${name} is left out, as it outlines no part of the picture`);
  return null;
}

/** Returns x0, y0, x1, y1, … of `x0,y0;x1,y1;…`. */
export function pointsOf(attributes: Attributes): number[] {
  const text = attributes.get('points') ?? '';
  if (text.trim() === '') return [];
  return text.split(';').flatMap((pair) => {
    const [x, y] = pair.split(',');
    return [numberOf(x), numberOf(y)];
  });
}

function box(attributes: Attributes): Shape {
  const [left, top, right, bottom] = numbers(attributes, ['xtl', 'ytl', 'xbr', 'ybr']);
  const rotation = rotationOf(attributes);
  return {
    kind: 'polygon',
    parts: [[boxRing({ left, top, width: right - left, height: bottom - top, rotation })]],
  };
}

function ellipse(attributes: Attributes): Shape {
  const [x, y, radiusX, radiusY] = numbers(attributes, ['cx', 'cy', 'rx', 'ry']);
  return {
    kind: 'polygon',
    parts: [[ellipseRing({ x, y, radiusX, radiusY, rotation: rotationOf(attributes) })]],
  };
}

/** Reads a mask by the run lengths of its box. */
function mask(attributes: Attributes, tell: Tell): Shape | null {
  const [left, top, width, height] = numbers(attributes, ['left', 'top', 'width', 'height']);
  try {
    const pixels = parseBoxRuns(attributes.get('rle') ?? '', { width, height });
    return { kind: 'mask', left, top, width, height, mask: pixels };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    tell('unreadable-shape', 'a mask whose run lengths are damaged, or do not fill its box, is left out');
    return null;
  }
}

/** Returns four attributes as numbers, NaN for what is none. */
function numbers(
  attributes: Attributes,
  names: readonly [string, string, string, string],
): [number, number, number, number] {
  const [a, b, c, d] = names;
  const of = (name: string): number => numberOf(attributes.get(name));
  return [of(a), of(b), of(c), of(d)];
}

/** Returns the degrees by which a shape is turned clockwise about its center. */
function rotationOf(attributes: Attributes): number {
  const given = attributes.get('rotation');
  return given === undefined ? 0 : numberOf(given);
}
