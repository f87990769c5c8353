/** Divides an image into cells, and reads beliefs of cells at its pixels. */

import type { Sample, Size } from '../data/index.js';
import type { CandidateGrid } from '../suggest/index.js';
import { type CellsAround, cellsAround } from '../suggest/internal.js';

/** Is the side of a cell in pixels, the finest stride at which networks predict. */
const side = 4;

/** Returns the grid of an image's cells of 4×4 pixels. */
export function cellGrid({ width, height }: Size): CandidateGrid {
  const cells = (length: number) => Math.max(1, Math.round(length / side));
  return { width, height, rows: cells(height), columns: cells(width) };
}

/** Returns the mean color of each cell, [rows, columns, channels] from 0 to 1. */
export function cellColors(
  { image, width, height }: Pick<Sample, 'image' | 'width' | 'height'>,
  { rows, columns }: CandidateGrid,
): Float32Array {
  const channels = image.length / (width * height);
  const colors = new Float32Array(rows * columns * channels);
  const edge = (place: number, { length, cells }: { readonly length: number; readonly cells: number }) =>
    Math.floor((place * length) / cells);
  for (let row = 0; row < rows; row++) {
    const [top, bottom] = [row, row + 1].map((place) => edge(place, { length: height, cells: rows })) as [
      number,
      number,
    ];
    for (let column = 0; column < columns; column++) {
      const [left, right] = [column, column + 1].map((place) =>
        edge(place, { length: width, cells: columns }),
      ) as [number, number];
      const cell = (row * columns + column) * channels;
      for (let channel = 0; channel < channels; channel++) {
        let sum = 0;
        for (let y = top; y < bottom; y++)
          for (let x = left; x < right; x++) sum += image[(y * width + x) * channels + channel] as number;
        colors[cell + channel] = sum / (255 * (bottom - top) * (right - left));
      }
    }
  }
  return colors;
}

/** Holds the likeliest class of each pixel with its likelihood. */
export interface PixelBeliefs {
  readonly classes: Uint8Array;
  readonly likelihoods: Float32Array;
}

/**
 * Returns what beliefs [rows, columns, classes] say of the wanted pixels, bilinearly between the centers of cells; of the
 * others 0.
 */
export function beliefsOfPixels(
  beliefs: Float32Array,
  {
    grid: { width, height, rows, columns },
    wanted,
  }: { readonly grid: CandidateGrid; readonly wanted: (pixel: number) => boolean },
): PixelBeliefs {
  const classCount = beliefs.length / (rows * columns);
  const classes = new Uint8Array(width * height);
  const likelihoods = new Float32Array(width * height);
  const horizontal = Array.from({ length: width }, (_, x) =>
    cellsAround(x, { length: width, cells: columns }),
  );
  for (let y = 0; y < height; y++) {
    const [above, below, down] = cellsAround(y, { length: height, cells: rows });
    for (let x = 0; x < width; x++) {
      const pixel = y * width + x;
      if (!wanted(pixel)) continue;
      const [before, after, right] = horizontal[x] as CellsAround;
      const corners = [
        above * columns + before,
        above * columns + after,
        below * columns + before,
        below * columns + after,
      ];
      const shares = [(1 - down) * (1 - right), (1 - down) * right, down * (1 - right), down * right];
      let [best, most] = [0, -1];
      for (let label = 0; label < classCount; label++) {
        let likelihood = 0;
        for (let corner = 0; corner < 4; corner++)
          likelihood +=
            (shares[corner] as number) *
            (beliefs[(corners[corner] as number) * classCount + label] as number);
        if (likelihood > most) [best, most] = [label, likelihood];
      }
      classes[pixel] = best;
      likelihoods[pixel] = most;
    }
  }
  return { classes, likelihoods };
}
