/** Finds out what of a shape cannot be drawn, so that nothing of an annotation is lost silently. */

import type { Size } from '../data/index.js';
import type { Shape } from './annotations.js';

/** Is further from an image than any annotation of it lies, in pixels; numbers beyond are damage. */
const farthest = 1e7;
/** Is how far a coordinate may lie outside without being named, as tools round to the edge or one pixel beyond. */
export const tolerated = 1;

/** Says what is wrong with a shape, as a code and a message of `ImportFinding`. */
export interface ShapeProblem {
  readonly code: string;
  readonly message: string;
  /** Says whether the rest of the shape is drawn. */
  readonly drawn: boolean;
}

/** Returns what is wrong with a shape before it is drawn into an image of this size, or null. */
export function shapeProblem(shape: Shape, size: Size): ShapeProblem | null {
  const runs = coordinatesOf(shape);
  const what = names[shape.kind];
  if (runs.some((run) => run.some((value) => !(Math.abs(value) <= farthest)))) {
    return leftOut(
      'invalid-coordinate',
      `a ${what} with a coordinate that is not a number, or not near the image, is left out`,
    );
  }
  if (shape.kind === 'mask' && shape.mask.length !== shape.width * shape.height) {
    return leftOut('degenerate-shape', 'a mask that does not fill its box is left out');
  }
  const fewest = shape.kind === 'polygon' ? 3 : 1;
  const usable = runs.filter((run) => run.length >= 2 * fewest);
  if (usable.length === 0) {
    return leftOut(
      'degenerate-shape',
      shape.kind === 'polygon'
        ? 'a polygon of fewer than 3 points is left out'
        : `a ${what} without a point is left out`,
    );
  }
  const [left, top, right, bottom] = boundsOf(usable);
  const { width, height } = size;
  if (right <= 0 || bottom <= 0 || left >= width || top >= height) {
    return leftOut('outside-image', `a ${what} that lies outside the image is left out`);
  }
  if (left < -tolerated || top < -tolerated || right > width + tolerated || bottom > height + tolerated) {
    return {
      code: 'reaches-outside',
      message: `a ${what} that reaches outside the image is cut off at its edge`,
      drawn: true,
    };
  }
  if (usable.length < runs.length) {
    return {
      code: 'degenerate-part',
      message: `a part of fewer than ${fewest} points of a ${what} is left out`,
      drawn: true,
    };
  }
  return null;
}

const names = {
  polygon: 'polygon',
  mask: 'mask',
  line: 'line',
  points: 'point',
} as const satisfies Record<Shape['kind'], string>;

function leftOut(code: string, message: string): ShapeProblem {
  return { code, message, drawn: false };
}

/** Returns the lists of coordinates of a shape, x0, y0, x1, y1, … each. */
function coordinatesOf(shape: Shape): readonly (readonly number[])[] {
  switch (shape.kind) {
    case 'polygon':
      return shape.parts.flat();
    case 'mask': {
      const { left, top, width, height } = shape;
      return [[left, top, left + width, top + height]];
    }
    case 'line':
      return [shape.line];
    case 'points':
      return [shape.points];
  }
}

function boundsOf(runs: readonly (readonly number[])[]): [number, number, number, number] {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const run of runs) {
    for (let place = 0; place + 1 < run.length; place += 2) {
      const [x, y] = [run[place] as number, run[place + 1] as number];
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
    }
  }
  return [left, top, right, bottom];
}
