/** Turns the results of Label Studio into shapes: its coordinates are percent of the image's width and height. */

import { z } from 'zod';
import type { Size } from '../../data/index.js';
import type { Annotation, Shape } from '../annotations.js';
import { decodeBrush } from '../brush-runs.js';
import { firstProblem, numberFromFile, pointList } from '../json-file.js';
import type { Report } from '../reading.js';
import { boxRing, ellipseRing } from '../shape-rings.js';
import type { TaskResult } from './tasks.js';

/** Configures `readShapes`. */
export interface ShapeOptions {
  /** Is the size of the image, for results that do not state it. */
  readonly size: Size | null;
  /** Receives what is left out or assumed; its place is that of a result in the file. */
  readonly report: Report;
}

/** Returns the shapes among the results of an annotation, with their classes. */
export function readShapes(results: readonly TaskResult[], { size, report }: ShapeOptions): Annotation[] {
  const classesById = new Map<string, readonly string[]>();
  for (const { id, value } of results) {
    const classes = classesOf(value);
    if (id !== null && classes.length > 0) classesById.set(id, classes);
  }
  return results.flatMap((result) => {
    const kind = kindOf(result.type);
    const read = shapes.get(kind);
    if (read === undefined) {
      nameOther(result, { kind, report });
      return [];
    }
    const stated =
      result.width === null || result.height === null ? size : { width: result.width, height: result.height };
    if (stated === null) {
      report('missing-size', 'a shape without the size of its image is left out', result.place);
      return [];
    }
    const shape = read(Object.fromEntries(result.value), stated);
    if (typeof shape === 'string') {
      report('unreadable-shape', `a ${kind} that cannot be read is left out`, `${result.place}: ${shape}`);
      return [];
    }
    const own = classesOf(result.value);
    const classes = own.length > 0 ? own : (classesById.get(result.id ?? '') ?? []);
    if (classes.length > 1) {
      report('several-classes', 'of several classes of a shape the first counts', result.place);
    }
    if (classes.length === 0) report('unnamed-shape', 'a shape without a class is ignored', result.place);
    return [{ className: classes[0] ?? null, shape, place: result.place }];
  });
}

/** Returns whether a result is a shape, not the answer to a question or the class of another one. */
export function isShape({ type }: TaskResult): boolean {
  return shapes.has(kindOf(type));
}

/** Returns the kind of a shape without its labels: `polygon` of `polygonlabels`. */
function kindOf(type: string): string {
  return type.replace(/labels$/, '');
}

/** Names results that are no shapes. Relations between shapes, and the classes of shapes, say nothing about pixels alone. */
function nameOther(
  { type, place }: TaskResult,
  { kind, report }: { readonly kind: string; readonly report: Report },
): void {
  if (type === 'relation' || kind === '') return;
  report('other-result', `results of the kind ${type} are left out: they are not read as shapes`, place);
}

/** Returns the classes that a value states: the texts under `polygonlabels`, `labels` and the like. */
function classesOf(value: ReadonlyMap<string, unknown>): string[] {
  for (const [key, names] of value) {
    if (!key.endsWith('labels') || !Array.isArray(names)) continue;
    return names.filter((name) => typeof name === 'string');
  }
  return [];
}

type ReadShape = (value: unknown, size: Size) => Shape | string;

const polygon = z.object({ points: pointList });
const box = z.object({
  x: numberFromFile,
  y: numberFromFile,
  width: numberFromFile,
  height: numberFromFile,
  rotation: numberFromFile.default(0),
});
const ellipse = z.object({
  x: numberFromFile,
  y: numberFromFile,
  radiusX: numberFromFile,
  radiusY: numberFromFile,
  rotation: numberFromFile.default(0),
});
const point = z.object({ x: numberFromFile, y: numberFromFile });
const brush = z.object({ rle: z.array(z.number(), 'expected a list of bytes') });

const shapes: ReadonlyMap<string, ReadShape> = new Map<string, ReadShape>([
  ['polygon', reader(polygon, ({ points }, scale) => ({ kind: 'polygon', parts: [[points.map(scale.at)]] }))],
  [
    'rectangle',
    reader(box, ({ x, y, width, height, rotation }, scale) => ({
      kind: 'polygon',
      parts: [
        [
          boxRing({
            left: scale.x(x),
            top: scale.y(y),
            width: scale.x(width),
            height: scale.y(height),
            rotation,
            about: 'corner',
          }),
        ],
      ],
    })),
  ],
  [
    'ellipse',
    reader(ellipse, ({ x, y, radiusX, radiusY, rotation }, scale) => ({
      kind: 'polygon',
      parts: [
        [
          ellipseRing({
            x: scale.x(x),
            y: scale.y(y),
            radiusX: scale.x(radiusX),
            radiusY: scale.y(radiusY),
            rotation,
          }),
        ],
      ],
    })),
  ],
  ['keypoint', reader(point, ({ x, y }, scale) => ({ kind: 'points', points: [scale.x(x), scale.y(y)] }))],
  ['brush', reader(brush, ({ rle }, { size }) => brushMask(rle, size))],
]);

/** Turns percent into pixels. */
interface Scale {
  readonly size: Size;
  x(percent: number): number;
  y(percent: number): number;
  /** Scales x0, y0, x1, y1, … */
  at(percent: number, index: number): number;
}

function reader<Value>(
  schema: z.ZodType<Value>,
  toShape: (value: Value, scale: Scale) => Shape | string,
): ReadShape {
  return (value, size) => {
    const parsed = schema.safeParse(value);
    if (!parsed.success) return firstProblem(parsed.error);
    const x = (percent: number) => (percent / 100) * size.width;
    const y = (percent: number) => (percent / 100) * size.height;
    return toShape(parsed.data, {
      size,
      x,
      y,
      at: (percent, index) => (index % 2 === 0 ? x(percent) : y(percent)),
    });
  };
}

/** Larger images than this have no masks of their own in a file: 300 megapixels. */
const mostPixels = 3e8;

function brushMask(rle: readonly number[], size: Size): Shape | string {
  if (size.width * size.height > mostPixels) return `a mask of ${size.width}×${size.height} pixels`;
  try {
    return { kind: 'mask', left: 0, top: 0, ...size, mask: decodeBrush(rle, size) };
  } catch (error) {
    if (error instanceof RangeError) return error.message;
    throw error;
  }
}
