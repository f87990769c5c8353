/** Reads the shapes of Labelme: what each type makes of its points. */

import { decodeLabelSamples } from '../../data/internal.js';
import { DataError } from '../../errors/index.js';
import type { Shape } from '../annotations.js';
import { pairsOf } from '../coordinates.js';
import { boxRing, circleRing } from '../shape-rings.js';

/** Says why a shape is left out or changed, as a code and a message of `ImportFinding`. */
type Report = (code: string, message: string) => void;

/** Holds a shape as its file has it. */
export type LabelmeShape = Readonly<Record<string, unknown>>;

/** Returns what a shape covers, or null after saying why it is left out. */
export function shapeOf(shape: LabelmeShape, report: Report): Shape | null {
  const type = shape.shape_type ?? 'polygon';
  const points = pairsOf(shape.points);
  if (points === null) {
    report('unreadable-shape', 'a shape whose points are no list of [x, y] is left out');
    return null;
  }
  switch (type) {
    case 'polygon':
    // Boxes that were turned, as Labelme and tools that write its form name them.
    case 'oriented_rectangle':
    case 'rotation':
      return polygon(points);
    case 'rectangle':
      return rectangle(points, report);
    case 'circle':
      return circle(points, report);
    case 'line':
    case 'linestrip':
      return { kind: 'line', line: points };
    case 'point':
    case 'points':
      return { kind: 'points', points };
    case 'mask':
      return mask(points, { shape, report });
    default:
      report('unknown-shape', `a shape of the type '${String(type).slice(0, 40)}' is left out`);
      return null;
  }
}

function polygon(ring: readonly number[]): Shape {
  return { kind: 'polygon', parts: [[ring]] };
}

/** Reads a box by two opposite corners in any order, or by all four. */
function rectangle(points: readonly number[], report: Report): Shape | null {
  if (points.length === 8) return polygon(points);
  const [left = 0, top = 0, right = 0, bottom = 0] = points;
  if (points.length === 4) return polygon(boxRing({ left, top, width: right - left, height: bottom - top }));
  report('degenerate-shape', 'a rectangle of neither 2 nor 4 points is left out');
  return null;
}

/** Reads a circle by its center and a point on it. */
function circle(points: readonly number[], report: Report): Shape | null {
  const [x = 0, y = 0, edgeX = 0, edgeY = 0] = points;
  if (points.length === 4) return polygon(circleRing({ x, y, radius: Math.hypot(edgeX - x, edgeY - y) }));
  report('degenerate-shape', 'a circle without its center and a point on it is left out');
  return null;
}

/**
 * Reads a mask: a PNG, and the first and last column and row that it fills. As in Labelme, corners in whole numbers cut it off,
 * and others only place it.
 */
function mask(
  points: readonly number[],
  { shape, report }: { readonly shape: LabelmeShape; readonly report: Report },
): Shape | null {
  const decoded = maskPixels(shape.mask);
  const [left = Number.NaN, top = Number.NaN, right = Number.NaN, bottom = Number.NaN] = points;
  if (decoded === null || points.length !== 4 || !points.every(Number.isFinite)) {
    report('unreadable-shape', 'a mask without a PNG and the corners of its box is left out');
    return null;
  }
  const isWhole = points.every(Number.isInteger);
  const width = isWhole ? Math.min(decoded.width, right - left + 1) : decoded.width;
  const height = isWhole ? Math.min(decoded.height, bottom - top + 1) : decoded.height;
  if (width < 1 || height < 1) {
    report('degenerate-shape', 'a mask with an empty box is left out');
    return null;
  }
  if (isWhole && (decoded.width !== right - left + 1 || decoded.height !== bottom - top + 1)) {
    report('mask-size', 'a mask that does not have the size of its box is put into its upper left corner');
  }
  const pixels = new Uint8Array(width * height);
  for (let row = 0, from = 0; row < height; row++, from += decoded.width) {
    pixels.set(decoded.mask.subarray(from, from + width), row * width);
  }
  return {
    kind: 'mask',
    left: roundHalfToEven(left),
    top: roundHalfToEven(top),
    width,
    height,
    mask: pixels,
  };
}

/** Returns the pixels of a mask that are not 0, or null when the text is no PNG. */
function maskPixels(text: unknown): { width: number; height: number; mask: Uint8Array } | null {
  if (typeof text !== 'string') return null;
  try {
    const { header, samples, channels, inColor } = decodeLabelSamples(Buffer.from(text, 'base64'), 'mask');
    const { width, height } = header;
    const counted = inColor ? 3 : 1;
    const pixels = new Uint8Array(width * height);
    for (let pixel = 0; pixel < pixels.length; pixel++) {
      for (let at = pixel * channels; at < pixel * channels + counted; at++) {
        if (samples[at] !== 0) pixels[pixel] = 1;
      }
    }
    return { width, height, mask: pixels };
  } catch (error) {
    if (error instanceof DataError) return null;
    throw error;
  }
}

/** Rounds as NumPy does, which Labelme places masks with. */
function roundHalfToEven(value: number): number {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}
