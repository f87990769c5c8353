/**
 * Makes patches of an image: squares of cells with their features, labels and colors, around pixels without a label. Losses
 * of unlabeled pixels learn from them.
 */

import { ignoreIndex, RandomStream, visibleColors } from '../data/index.js';
import { spatialSize } from '../nn/internal.js';
import type { SampleOrigin } from '../reweighting/index.js';
import { scope, type Tensor } from '../torch/index.js';
import type { ViewMaps } from './feature-source.js';
import { gatherFeatures } from './gather-features.js';

/** Holds patches of an image in a view. */
export interface ImagePatches {
  /** Holds features, float16 [patches, cells · channels], of the cells of each patch and its margins, row by row. */
  readonly features: Tensor;
  /** Holds the labels of the cells, [patches, size, size], 255 where there is none. */
  readonly labels: Uint8Array;
  /** Holds the mean colors of the cells, [patches, 3, size, size], from 0 to 255. */
  readonly colors: Uint8Array;
  /** Says which part of the image each patch shows. */
  readonly origins: readonly SampleOrigin[];
}

/** Says which patches are made. */
export interface PatchChoice {
  readonly seed: number;
  /** Counts the patches. */
  readonly count: number;
  /** Counts the cells of a patch in each direction. */
  readonly size: number;
  /** Counts the cells around a patch whose features are held as well. */
  readonly margin: number;
}

/** Separates these draws from others of the same seed. */
const purpose = 0x70617463;

/** Returns patches of an image whose features belong to the caller's scope, or live until they are disposed. */
export function patchesOf(
  { maps, view, viewIndex, sample }: ViewMaps,
  { index, choice }: { readonly index: number; readonly choice: PatchChoice },
): ImagePatches {
  const { width, height } = sample;
  const { seed, count, size, margin } = choice;
  const sizes = maps.map(spatialSize);
  const rows = Math.max(...sizes.map(([down]) => down));
  const columns = Math.max(...sizes.map(([, across]) => across));
  const grid = { rows, columns, cellWidth: width / columns, cellHeight: height / rows };
  const labels = sample.labels ?? new Uint8Array(width * height).fill(ignoreIndex);
  const random = new RandomStream(seed, [purpose, index, viewIndex]);
  const centers = spreadPixels(labels, { count, random });
  const corners = centers.map((pixel) => {
    const x = (pixel % width) + 0.5;
    const across = (view.mirrored ? width - x : x) / grid.cellWidth;
    const down = (Math.floor(pixel / width) + 0.5) / grid.cellHeight;
    return {
      column: firstCell(across, { size, cells: columns }),
      row: firstCell(down, { size, cells: rows }),
    };
  });
  const image = { labels, colors: visibleColors(sample.image, sample), width, height };
  const cells = size ** 2;
  const made = {
    labels: new Uint8Array(corners.length * cells).fill(ignoreIndex),
    colors: new Uint8Array(corners.length * 3 * cells),
  };
  for (const [patch, corner] of corners.entries()) {
    for (let place = 0; place < cells; place++) {
      const column = corner.column + (place % size);
      const row = corner.row + Math.floor(place / size);
      if (column < 0 || column >= columns || row < 0 || row >= rows) continue;
      const cell = cellPixels({ ...grid, column, row }, { ...image, mirrored: view.mirrored });
      made.labels[patch * cells + place] = labels[cell.center] as number;
      for (const [channel, value] of meanColor(image, cell).entries()) {
        made.colors[(3 * patch + channel) * cells + place] = value;
      }
    }
  }
  return {
    ...made,
    features: featuresOf(maps, { corners, grid, side: size + 2 * margin, margin, image }),
    origins: corners.map(({ column, row }) => {
      const [first, last] = [column / columns, (column + size) / columns];
      const [left, right] = view.mirrored ? [1 - last, 1 - first] : [first, last];
      return { index, left, right, top: row / rows, bottom: (row + size) / rows, mirrored: view.mirrored };
    }),
  };
}

/** Draws pixels without a label, or any where all have one: one from each of equal parts in reading order. */
function spreadPixels(
  labels: Uint8Array,
  { count, random }: { readonly count: number; readonly random: RandomStream },
): number[] {
  const open: number[] = [];
  for (let pixel = 0; pixel < labels.length; pixel++) if (labels[pixel] === ignoreIndex) open.push(pixel);
  const available = open.length === 0 ? labels.length : open.length;
  const taken = Math.min(count, available);
  return Array.from({ length: taken }, (_, part) => {
    const start = Math.floor((part * available) / taken);
    const end = Math.floor(((part + 1) * available) / taken);
    const place = start + random.integer(end - start);
    return open.length === 0 ? place : (open[place] as number);
  });
}

/** Returns the first cell of a patch around a place, moved so that the patch lies inside where it fits. */
function firstCell(
  place: number,
  { size, cells }: { readonly size: number; readonly cells: number },
): number {
  if (size > cells) return -Math.floor((size - cells) / 2);
  return Math.min(Math.max(0, Math.floor(place) - (size - 1) / 2), cells - size);
}

interface Grid {
  readonly rows: number;
  readonly columns: number;
  readonly cellWidth: number;
  readonly cellHeight: number;
}

interface ShownImage {
  readonly labels: Uint8Array;
  /** Holds RGB, [height, width, 3]. */
  readonly colors: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** Says which pixels of the stored image a cell covers. */
interface CellPixels {
  readonly center: number;
  readonly columns: readonly [first: number, end: number];
  readonly rows: readonly [first: number, end: number];
}

function cellPixels(
  { column, row, cellWidth, cellHeight }: Grid & { readonly column: number; readonly row: number },
  { width, height, mirrored }: ShownImage & { readonly mirrored: boolean },
): CellPixels {
  const middle = (column + 0.5) * cellWidth;
  const x = Math.min(width - 1, Math.floor(mirrored ? width - middle : middle));
  const y = Math.min(height - 1, Math.floor((row + 0.5) * cellHeight));
  const start = mirrored ? width - (column + 1) * cellWidth : column * cellWidth;
  return {
    center: y * width + x,
    columns: span(start, { length: cellWidth, limit: width }),
    rows: span(row * cellHeight, { length: cellHeight, limit: height }),
  };
}

/** Returns the whole pixels from a place on, at least one. */
function span(
  start: number,
  { length, limit }: { readonly length: number; readonly limit: number },
): readonly [number, number] {
  const first = Math.min(limit - 1, Math.max(0, Math.round(start)));
  return [first, Math.min(limit, Math.max(first + 1, Math.round(start + length)))];
}

function meanColor({ colors, width }: ShownImage, { columns, rows }: CellPixels): readonly number[] {
  const sums = [0, 0, 0];
  for (let y = rows[0]; y < rows[1]; y++) {
    for (let x = columns[0]; x < columns[1]; x++) {
      for (let channel = 0; channel < 3; channel++) {
        sums[channel] = (sums[channel] as number) + (colors[3 * (y * width + x) + channel] as number);
      }
    }
  }
  const count = (rows[1] - rows[0]) * (columns[1] - columns[0]);
  return sums.map((sum) => Math.round(sum / count));
}

/** Reads the features at the centers of the cells of patches with their margins. */
function featuresOf(
  maps: readonly Tensor[],
  {
    corners,
    grid: { cellWidth, cellHeight },
    side,
    margin,
    image: { width, height },
  }: {
    readonly corners: readonly { readonly column: number; readonly row: number }[];
    readonly grid: Grid;
    readonly side: number;
    readonly margin: number;
    readonly image: ShownImage;
  },
): Tensor {
  using work = scope();
  const points = new Float32Array(2 * corners.length * side ** 2);
  let length = 0;
  for (const { column, row } of corners) {
    for (let place = 0; place < side ** 2; place++) {
      points[length++] = (column - margin + (place % side) + 0.5) * cellWidth;
      points[length++] = (row - margin + Math.floor(place / side) + 0.5) * cellHeight;
    }
  }
  const features = gatherFeatures(maps, { points, size: [height, width] });
  const channels = features.shape[1] as number;
  return work.keep(features.reshape([corners.length, side ** 2 * channels]));
}
