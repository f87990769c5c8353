/**
 * Describes the pixels of an image that may be asked about: a grid of them, with what a network makes of each and what is
 * labeled already.
 */

import { ignoreIndex, type Size } from '../data/index.js';

/** Is the distance between neighboring candidates in pixels, as networks know little about finer detail. */
const usualSpacing = 4;
/** Limits the candidates of an image; larger images have a wider grid. */
const mostCandidates = 2 ** 13;

/** Holds the places of the candidates of an image, row by row. */
export interface CandidateGrid extends Size {
  readonly rows: number;
  readonly columns: number;
}

/** Holds the candidates of an image: what is known of each, in the order of the grid. */
export interface ImageCandidates {
  readonly grid: CandidateGrid;
  readonly classCount: number;
  /** Holds the likelihood of each class for each candidate, [candidates, classes]; each row sums to 1. */
  readonly likelihoods: Float32Array;
  /** Holds the label of each candidate, 255 where no label covers it. */
  readonly labels: Uint8Array;
  /** Holds features of each candidate, [candidates, features]; null where no term of the strategy reads them. */
  readonly features: Float32Array | null;
}

/** Returns the grid of an image: the centers of cells of 4×4 pixels, or of larger ones where they would be more than 8192. */
export function candidateGrid({ width, height }: Size): CandidateGrid {
  const spacing = Math.max(usualSpacing, Math.sqrt((width * height) / mostCandidates));
  const cells = (length: number) => Math.max(1, Math.floor(length / spacing));
  return { width, height, rows: cells(height), columns: cells(width) };
}

/** Counts the candidates of a grid. */
export function candidateCount({ rows, columns }: CandidateGrid): number {
  return rows * columns;
}

/** Returns column and row of the pixel of a candidate. */
export function pixelOf(
  candidate: number,
  { width, height, rows, columns }: CandidateGrid,
): readonly [x: number, y: number] {
  const [column, row] = [candidate % columns, Math.floor(candidate / columns)];
  return [Math.floor(((column + 0.5) * width) / columns), Math.floor(((row + 0.5) * height) / rows)];
}

/** Returns the candidate whose cell a pixel lies in. */
export function candidateAt(
  { x, y }: { readonly x: number; readonly y: number },
  { width, height, rows, columns }: CandidateGrid,
): number {
  return Math.floor((y * rows) / height) * columns + Math.floor((x * columns) / width);
}

/** Returns the labels of candidates from those of all pixels; null, where nothing is labeled, gives 255. */
export function candidateLabels(labels: Uint8Array | null, grid: CandidateGrid): Uint8Array {
  return Uint8Array.from({ length: candidateCount(grid) }, (_, candidate) => {
    const [x, y] = pixelOf(candidate, grid);
    return labels?.[y * grid.width + x] ?? ignoreIndex;
  });
}

/** Returns the most likely class of a candidate; of equal ones the first. */
export function predictedClass(
  { likelihoods, classCount }: Pick<ImageCandidates, 'likelihoods' | 'classCount'>,
  candidate: number,
): number {
  const start = candidate * classCount;
  let best = 0;
  for (let index = 1; index < classCount; index++) {
    if ((likelihoods[start + index] as number) > (likelihoods[start + best] as number)) best = index;
  }
  return best;
}

/** Holds the two cells of a row or column whose centers lie around a pixel's, with the share of the second. */
export type CellsAround = readonly [before: number, after: number, share: number];

/** Returns the cells around a pixel, of a row or column of `length` pixels that has `cells` cells. */
export function cellsAround(
  pixel: number,
  { length, cells }: { readonly length: number; readonly cells: number },
): CellsAround {
  const place = Math.min(cells - 1, Math.max(0, ((pixel + 0.5) * cells) / length - 0.5));
  const before = Math.floor(place);
  return [before, Math.min(cells - 1, before + 1), place - before];
}
