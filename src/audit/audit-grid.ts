/** Divides an image into the cells whose likelihoods an audit computes. */

import type { Size } from '../data/index.js';
import type { CandidateGrid } from '../suggest/index.js';

/** Is the usual side of a cell in pixels, the finest stride at which networks predict. */
const side = 4;
/** Limits the cells of an image, so that a large one fits into memory; its cells are larger. */
const mostCells = 2 ** 16;

/** Returns the grid of an image: cells of 4×4 pixels, or larger ones where they would be more than 65 536. */
export function auditGrid({ width, height }: Size): CandidateGrid {
  const spacing = Math.max(side, Math.sqrt((width * height) / mostCells));
  const cells = (length: number) => Math.max(1, Math.round(length / spacing));
  return { width, height, rows: cells(height), columns: cells(width) };
}
