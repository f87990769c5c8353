/**
 * Turns the figures of Supervisely into shapes. Its coordinates are those of pixels, and its own tools draw a figure with the
 * pixels that its outline goes through: (0, 0) is the center of the first pixel, and a rectangle includes its last row.
 */

import { z } from 'zod';
import { DataError } from '../../errors/index.js';
import type { Shape } from '../annotations.js';
import { firstProblem, numberFromFile, pointList } from '../json-file.js';
import { boxRing } from '../shape-rings.js';
import { decodeBitmap } from './bitmap.js';

const points = z.object({
  points: z.object(
    { exterior: pointList, interior: z.array(pointList, 'expected a list of holes').default([]) },
    'expected points with exterior and interior',
  ),
});
const bitmap = z.object({
  bitmap: z.object(
    {
      data: z.string('expected text'),
      origin: z.tuple([numberFromFile, numberFromFile], 'expected [x, y]'),
    },
    'expected bitmap with data and origin',
  ),
});

/** Returns the shape of a figure of a type, or what is wrong with it. */
export function readFigure(
  object: unknown,
  { type, place }: { readonly type: string; readonly place: string },
): Shape | string {
  if (type === 'bitmap') return bitmapShape(object, place);
  if (!['polygon', 'rectangle', 'line', 'polyline', 'point'].includes(type)) {
    return `the geometry ${type || 'of no type'} is not read`;
  }
  const parsed = points.safeParse(object);
  if (!parsed.success) return firstProblem(parsed.error);
  const { exterior, interior } = parsed.data.points;
  switch (type) {
    case 'polygon':
      return { kind: 'polygon', parts: [[centered(exterior), ...interior.map(centered)]] };
    case 'rectangle':
      return rectangle(exterior);
    case 'point':
      return { kind: 'points', points: centered(exterior) };
    default:
      return { kind: 'line', line: centered(exterior) };
  }
}

/** Moves coordinates from pixels to the corners between them. */
function centered(coordinates: readonly number[]): number[] {
  return coordinates.map((value) => value + 0.5);
}

/** Returns the box of two opposite corners, with the pixels of both. */
function rectangle([x0, y0, x1, y1]: readonly number[]): Shape | string {
  if (x0 === undefined || y0 === undefined || x1 === undefined || y1 === undefined) {
    return 'a rectangle of fewer than 2 points';
  }
  const [left, top] = [Math.min(x0, x1), Math.min(y0, y1)];
  const ring = boxRing({ left, top, width: Math.abs(x1 - x0) + 1, height: Math.abs(y1 - y0) + 1 });
  return { kind: 'polygon', parts: [[ring]] };
}

function bitmapShape(object: unknown, place: string): Shape | string {
  const parsed = bitmap.safeParse(object);
  if (!parsed.success) return firstProblem(parsed.error);
  const { data, origin } = parsed.data.bitmap;
  try {
    const [left, top] = origin;
    return { kind: 'mask', left, top, ...decodeBitmap(data, place) };
  } catch (error) {
    if (error instanceof DataError) return error.message.slice(`${place}: `.length);
    throw error;
  }
}
