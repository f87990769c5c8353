/**
 * Reads the rows of YOLO's label files: `class x1 y1 x2 y2 …` is a polygon and `class x y width height` a box by its center, in
 * shares of the image's width and height.
 */

import type { Size } from '../../data/index.js';
import type { Annotation } from '../annotations.js';
import { boxRing } from '../shape-rings.js';

/** Configures `readRows`. */
export interface RowOptions extends Size {
  readonly names: ReadonlyMap<number, string>;
  /** Receives what is wrong with a row: its code, what it says, and the row. */
  readonly report: (code: string, message: string, place: string) => void;
}

/** Shares beyond this are pixels. */
const largestShare = 2;

/** Returns the shapes of a label file. */
export function readRows(text: string, { names, report, width, height }: RowOptions): Annotation[] {
  const annotations: Annotation[] = [];
  for (const [index, line] of text.split(/\r\n|\r|\n/).entries()) {
    const words = line.trim().split(/\s+/);
    if (words[0] === '') continue;
    const place = `line ${index + 1}`;
    const [classIndex = Number.NaN, ...shares] = words.map(Number);
    const problem = rowProblem(classIndex, { words, shares });
    if (problem !== null) {
      report(problem.code, problem.message, place);
      continue;
    }
    const name = names.get(classIndex);
    if (name === undefined) {
      report('unknown-class', `class ${classIndex} has no name; its shapes are ignored`, place);
    }
    const values = withoutConfidence(shares);
    if (values.length < shares.length) {
      report('confidence', 'a number after the coordinates is taken as a confidence and left out', place);
    }
    const ring = values.length === 4 ? boxOf(values) : values;
    const scaled = ring.map((share, at) => share * (at % 2 === 0 ? width : height));
    annotations.push({
      className: name ?? null,
      shape: { kind: 'polygon', parts: [[scaled]] },
      place,
    });
  }
  return annotations;
}

interface RowProblem {
  readonly code: string;
  readonly message: string;
}

function rowProblem(
  classIndex: number,
  { words, shares }: { readonly words: readonly string[]; readonly shares: readonly number[] },
): RowProblem | null {
  const isNumber = (word: string, index: number) => !Number.isNaN(shares[index]) || /^[+-]?nan$/i.test(word);
  if (!Number.isInteger(classIndex) || classIndex < 0 || !words.slice(1).every(isNumber)) {
    return {
      code: 'invalid-row',
      message: 'a line that is not the number of a class and coordinates is left out',
    };
  }
  if (shares.length < 4) {
    return { code: 'degenerate-shape', message: 'a polygon of fewer than 3 points is left out' };
  }
  if (shares.some((share) => Math.abs(share) > largestShare && Number.isFinite(share))) {
    return {
      code: 'not-normalized',
      message: 'a shape whose coordinates are not shares of the image, from 0 to 1, is left out',
    };
  }
  return null;
}

/** Drops the confidence that predictions have at the end: coordinates come in pairs. */
function withoutConfidence(shares: readonly number[]): readonly number[] {
  return shares.length % 2 === 0 ? shares : shares.slice(0, -1);
}

function boxOf([x, y, width, height]: readonly number[]): readonly number[] {
  const [centerX, centerY, wide, high] = [x as number, y as number, width as number, height as number];
  return boxRing({ left: centerX - wide / 2, top: centerY - high / 2, width: wide, height: high });
}
