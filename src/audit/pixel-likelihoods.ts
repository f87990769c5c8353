/** Reads the likelihoods of cells at the labeled pixels of an image. */

import { ignoreIndex } from '../data/index.js';
import type { CandidateGrid } from '../suggest/index.js';
import { type CellsAround, cellsAround } from '../suggest/internal.js';

/**
 * Calls `visit` for each labeled pixel in reading order, with the likelihoods of all classes there: bilinear between the centers
 * of cells. The array is another one's at the next call.
 */
export function visitLikelihoods(
  {
    labels,
    classCount,
    grid,
  }: {
    readonly labels: Uint8Array;
    readonly classCount: number;
    readonly grid: CandidateGrid;
  },
  likelihoods: Float32Array,
  visit: (pixel: number, own: Float64Array) => void,
): void {
  const { width, height, rows, columns } = grid;
  const own = new Float64Array(classCount);
  const horizontal = Array.from({ length: width }, (_, x) =>
    cellsAround(x, { length: width, cells: columns }),
  );
  for (let y = 0; y < height; y++) {
    const [above, below, down] = cellsAround(y, { length: height, cells: rows });
    for (let x = 0; x < width; x++) {
      const pixel = y * width + x;
      if (labels[pixel] === ignoreIndex) continue;
      const [before, after, right] = horizontal[x] as CellsAround;
      const corner00 = (above * columns + before) * classCount;
      const corner01 = (above * columns + after) * classCount;
      const corner10 = (below * columns + before) * classCount;
      const corner11 = (below * columns + after) * classCount;
      for (let index = 0; index < classCount; index++) {
        const upper =
          (1 - right) * (likelihoods[corner00 + index] as number) +
          right * (likelihoods[corner01 + index] as number);
        const lower =
          (1 - right) * (likelihoods[corner10 + index] as number) +
          right * (likelihoods[corner11 + index] as number);
        own[index] = (1 - down) * upper + down * lower;
      }
      visit(pixel, own);
    }
  }
}
