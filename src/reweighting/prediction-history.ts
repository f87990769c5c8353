/**
 * What the network has said so far of each part of each training image: running mean and variance of the likelihood of
 * the labels, on a fixed grid over the image, so that crops of any size and place meet the same cells again.
 */

import type { Collectives } from '../distributed/index.js';
import { OperationError } from '../errors/index.js';
import { Buffer, Module } from '../nn/index.js';
import { type Device, stack, type Tensor, tensorFrom, zeros } from '../torch/index.js';
import type { SampleOrigin } from './reweighter.js';

/** [rows, columns] of cells over every image. */
export type HistoryGrid = readonly [rows: number, columns: number];

/** Which cells the pixels of a batch lie in: one-hot over the cells, all 0 in padding. */
export interface CellPlaces {
  /** Position of each image's record. */
  readonly indices: readonly number[];
  /** [N, rows, H] */
  readonly rows: Tensor;
  /** [N, columns, W] */
  readonly columns: Tensor;
}

interface Observed {
  readonly validNHW: Tensor;
  readonly places: CellPlaces;
  readonly processGroup?: Collectives | undefined;
}

/** Three float32 numbers a cell: with 3000 images and 16×32 cells, 18 MB, which go into every checkpoint. */
export class PredictionHistory extends Module {
  /** Number of batches that showed a labeled pixel of a cell, [images, rows, columns]. */
  readonly visits: Buffer;
  /** Mean over the visits of the mean likelihood in the cell. */
  readonly means: Buffer;
  /** Sum over the visits of the squared distance from that mean. */
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

  /** @throws OperationError when the origins are not of this many images, or of an image that the history does not know */
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

  /** A number for each cell of each image of a batch, [N, rows, columns], to its pixels, [N,H,W]; 0 in padding. */
  spread(cells: Tensor, { rows, columns }: CellPlaces): Tensor {
    return rows.transpose(1, 2).matmul(cells).matmul(columns);
  }

  /** Visits and variances (unbiased; 0 below two visits) of the cells of a batch, [N, rows, columns] each. */
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
   * Adds what a batch says (Welford's update: no digits are lost to a difference of large sums). With `processGroup`, what the
   * batches of all processes say, in the order of the ranks, so that each of them remembers every image.
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
    // One after the other: a batch may show an image twice.
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

/** What all ranks observed, in their order. The host waits for the device here. */
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
  const everybodys = place(zeros([total], { dtype: 'float64' }), own);
  const observed = place(zeros([total, ...shape], { dtype: 'float32', device: cells.device }), cells);
  return { indices: Array.from(everybodys.toTypedArray(), Number), observed };
}

/** [N, cells, pixels]: which of the cells over [0, 1] each of the pixels from `from` to `to` lies in. */
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
