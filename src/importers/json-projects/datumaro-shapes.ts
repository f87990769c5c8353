/** Turns the annotations of Datumaro into shapes. */

import { z } from 'zod';
import { parseRuns, runsMask } from '../../geometry/index.js';
import type { Shape } from '../annotations.js';
import { firstProblem, imageSide, numberFromFile } from '../json-file.js';
import { boxRing, ellipseRing } from '../shape-rings.js';

const coordinates = z.object({ points: z.array(numberFromFile, 'expected a list of points') });
const box = z.object({
  bbox: z.tuple(
    [numberFromFile, numberFromFile, numberFromFile, numberFromFile],
    'expected [x, y, width, height]',
  ),
  // CVAT turns boxes by an attribute.
  attributes: z
    .object({ rotation: z.number().default(0).catch(0) })
    .default({ rotation: 0 })
    .catch({ rotation: 0 }),
});
const mask = z.object({
  rle: z.object(
    {
      counts: z.union([z.string(), z.array(z.number())], 'expected counts'),
      // Height and width, in this order.
      size: z.tuple([imageSide, imageSide], 'expected [height, width]'),
    },
    'expected rle',
  ),
});

/** Returns the shape of an annotation of a type, or what is wrong with it. */
export function readDatumaroShape(annotation: unknown, type: string): Shape | string {
  switch (type) {
    case 'polygon':
      return withPoints(annotation, (ring) => ({ kind: 'polygon', parts: [[ring]] }));
    case 'polyline':
      return withPoints(annotation, (line) => ({ kind: 'line', line }));
    case 'points':
      return withPoints(annotation, (points) => ({ kind: 'points', points }));
    case 'ellipse':
      return withPoints(annotation, ellipse);
    case 'bbox':
      return boxShape(annotation);
    case 'mask':
      return maskShape(annotation);
    default:
      return `the type ${type} is not read`;
  }
}

function withPoints(annotation: unknown, toShape: (points: number[]) => Shape | string): Shape | string {
  const parsed = coordinates.safeParse(annotation);
  return parsed.success ? toShape(parsed.data.points) : firstProblem(parsed.error);
}

/** Returns the ellipse that fills a box of which two corners are given. */
function ellipse([x0, y0, x1, y1]: readonly number[]): Shape | string {
  if (x0 === undefined || y0 === undefined || x1 === undefined || y1 === undefined) {
    return 'an ellipse of fewer than 2 points';
  }
  const ring = ellipseRing({
    x: (x0 + x1) / 2,
    y: (y0 + y1) / 2,
    radiusX: Math.abs(x1 - x0) / 2,
    radiusY: Math.abs(y1 - y0) / 2,
  });
  return { kind: 'polygon', parts: [[ring]] };
}

function boxShape(annotation: unknown): Shape | string {
  const parsed = box.safeParse(annotation);
  if (!parsed.success) return firstProblem(parsed.error);
  const [left, top, width, height] = parsed.data.bbox;
  const { rotation } = parsed.data.attributes;
  return { kind: 'polygon', parts: [[boxRing({ left, top, width, height, rotation })]] };
}

/** Larger masks than this are damage: 300 megapixels. */
const mostPixels = 3e8;

function maskShape(annotation: unknown): Shape | string {
  const parsed = mask.safeParse(annotation);
  if (!parsed.success) return firstProblem(parsed.error);
  const { counts, size } = parsed.data.rle;
  const [height, width] = size;
  if (width * height > mostPixels) return `a mask of ${width}×${height} pixels`;
  try {
    const runs = typeof counts === 'string' ? parseRuns(counts) : counts;
    return { kind: 'mask', left: 0, top: 0, width, height, mask: runsMask(runs, { width, height }) };
  } catch (error) {
    if (error instanceof Error) return error.message;
    throw error;
  }
}
