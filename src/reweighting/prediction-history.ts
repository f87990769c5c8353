/**
 * Remembers predictions: running mean and variance of the likelihood of the labels in each cell of a fixed grid over
 * each training image, so that crops of any size and place meet the same cells again.
 */

import type { Collectives } from '../distributed/index.js';
import { OperationError } from '../errors/index.js';
import { Buffer, Module } from '../nn/index.js';
import { type Device, stack, type Tensor, tensorFrom, zeros } from '../torch/index.js';
import type { SampleOrigin } from './reweighter.js';

/** Describes a grid of cells over every image. */
export type HistoryGrid = readonly [rows: number, columns: number];

/** Maps the pixels of a batch to cells: one-hot over the cells, all 0 in padding. */
export interface CellPlaces {
  /** Index of each image in its dataset. */
  readonly indices: readonly number[];
  /** Rows of cells by rows of pixels, [N, rows, H]. */
  readonly rows: Tensor;
  /** Columns of cells by columns of pixels, [N, columns, W]. */
  readonly columns: Tensor;
}

interface Observed {
  readonly validNHW: Tensor;
  readonly places: CellPlaces;
  readonly processGroup?: Collectives | undefined;
}

/** Keeps three float32 numbers for each cell: 18 MB in every checkpoint, for 3000 images of 16×32 cells. */
export class PredictionHistory extends Module {
  /** Numbers of batches that showed a labeled pixel of a cell, [images, rows, columns]. */
  readonly visits: Buffer;
  /** Means over the visits of the mean likelihood in a cell, [images, rows, columns]. */
  readonly means: Buffer;
  /** Sums over the visits of the squared distance from that mean, [images, rows, columns]. */
  readonly squares: Buffer;
  readonly #grid: HistoryGrid;

  constructor(imageCount: number, grid: HistoryGrid) {
    super();
    const empty = () => new Buffer(zeros([imageCount, ...grid], { dtype: 'float32' }));
    this.visits = empty();
    this.means = empty();
    this.squares = empty();
    this.#grid = grid;
  }

  /**
   * Returns the cells that the pixels of a batch lie in.
   *
   * @param place.shape shape of the batch's label map, [N,H,W]
   * @throws {OperationError} when there is not one origin for each image, or one is of an image beyond the history
   */
  locate(
    origins: readonly SampleOrigin[],
    { shape, device }: { readonly shape: readonly number[]; readonly device: Device },
  ): CellPlaces {
    const [count = 0, height = 0, width = 0] = shape;
    const [images = 0] = this.visits.shape;
    if (origins.length !== count) {
      throw new OperationError(`PredictionHistory: expected ${count} origins, received ${origins.length}`);
    }
    for (const { index } of origins) {
      if (index >= 0 && index < images) continue;
      throw new OperationError(`PredictionHistory: expected an index below ${images}, received ${index}`);
    }
    const [rows, columns] = this.#grid;
    const vertical = origins.map(({ top, bottom }) => ({ from: top, to: bottom }));
    const horizontal = origins.map(({ left, right, mirrored }) =>
      mirrored ? { from: right, to: left } : { from: left, to: right },
    );
    return {
      indices: origins.map(({ index }) => index),
      rows: oneHotCells(vertical, { cells: rows, pixels: height, device }),
      columns: oneHotCells(horizontal, { cells: columns, pixels: width, device }),
    };
  }

  /** Maps one number for each cell of a batch, [N, rows, columns], to its pixels, [N,H,W]; 0 in padding. */
  spread(cells: Tensor, { rows, columns }: CellPlaces): Tensor {
    return rows.transpose(1, 2).matmul(cells).matmul(columns);
  }

  /** Returns visits and unbiased variances (0 below two visits) of the cells of a batch, [N, rows, columns] each. */
  recall({ indices }: CellPlaces): { readonly visits: Tensor; readonly variances: Tensor } {
    const places = tensorFrom(BigInt64Array.from(indices, BigInt), {
      dtype: 'int64',
      shape: [indices.length],
      device: this.visits.device,
    });
    const visits = this.visits.indexSelect(0, places);
    const squares = this.squares.indexSelect(0, places);
    return { visits, variances: squares.div(visits.sub(1).clamp({ min: 1 })) };
  }

  /**
   * Adds the likelihoods of a batch by Welford's update, which loses no digits to a difference of large sums. With a
   * `processGroup`, the batches of all processes are added in the order of the ranks, so that all keep the same
   * history.
   */
  record(likelihoodNHW: Tensor, { validNHW, places, processGroup }: Observed): void {
    const { rows, columns } = places;
    const perCell = (mapNHW: Tensor) => rows.matmul(mapNHW).matmul(columns.transpose(1, 2));
    const pixels = perCell(validNHW.to({ dtype: 'float32' }));
    const seen = pixels.gt(0).to({ dtype: 'float32' });
    const now = perCell(likelihoodNHW.mul(validNHW)).div(pixels.clamp({ min: 1 }));
    const cells = stack([seen, now], 1);
    const { indices, observed } = processGroup
      ? gather(cells, { indices: places.indices, processGroup })
      : { indices: places.indices, observed: cells };
    // One sample after the other, because a batch may show an image twice.
    for (const [sample, index] of indices.entries()) {
      const [visits, mean, squares] = [this.visits, this.means, this.squares].map((all) =>
        all.select(0, index),
      ) as [Tensor, Tensor, Tensor];
      const visited = observed.select(0, sample).select(0, 0);
      const value = observed.select(0, sample).select(0, 1);
      visits.add_(visited);
      const before = value.sub(mean).mul(visited);
      mean.add_(before.div(visits.clamp({ min: 1 })));
      squares.add_(before.mul(value.sub(mean)));
    }
  }
}

/** Returns the observations of all ranks, in the order of the ranks. The host waits for the device. */
function gather(
  cells: Tensor,
  { indices, processGroup }: { readonly indices: readonly number[]; readonly processGroup: Collectives },
): { readonly indices: readonly number[]; readonly observed: Tensor } {
  // Every rank fills its own part of a table of zeros, so that the sum is the table of all.
  const count = indices.length;
  const place = <T extends Tensor>(table: T, own: Tensor) => {
    table.narrow(0, processGroup.rank * count, count).copy_(own);
    return processGroup.sumOverRanks(table);
  };
  const total = processGroup.worldSize * count;
  const [, ...shape] = cells.shape;
  const own = tensorFrom(indices, { dtype: 'float64', shape: [count] });
  const allIndices = place(zeros([total], { dtype: 'float64' }), own);
  const observed = place(zeros([total, ...shape], { dtype: 'float32', device: cells.device }), cells);
  return { indices: Array.from(allIndices.toTypedArray(), Number), observed };
}

/**
 * Returns, as one-hot [N, cells, pixels], the cell of [0, 1] that each pixel lies in. The pixels of an image divide the
 * span between `from` and `to`; those outside [0, 1] are in no cell.
 */
function oneHotCells(
  spans: readonly { readonly from: number; readonly to: number }[],
  { cells, pixels, device }: { readonly cells: number; readonly pixels: number; readonly device: Device },
): Tensor {
  const places = new Float32Array(spans.length * cells * pixels);
  for (const [sample, { from, to }] of spans.entries()) {
    for (let pixel = 0; pixel < pixels; pixel++) {
      const cell = Math.floor((from + ((pixel + 0.5) / pixels) * (to - from)) * cells);
      if (cell >= 0 && cell < cells) places[(sample * cells + cell) * pixels + pixel] = 1;
    }
  }
  return tensorFrom(places, { dtype: 'float32', shape: [spans.length, cells, pixels], device });
}
