/**
 * What one of several processes takes of work that they do together. A batch is drawn whole and then divided, so that
 * the number of processes changes who loads what and nothing else: no sample twice, none left out, the same draws.
 */

import { ConfigError } from '../../errors/index.js';

/** One process (`rank`, from 0) of `worldSize`. */
export interface Share {
  readonly rank: number;
  readonly worldSize: number;
}

/** All of the work: what a process on its own takes. */
export const wholeShare: Share = { rank: 0, worldSize: 1 };

/**
 * The places [first, first + count) of a batch that a process takes: equal parts, one after the other.
 * @throws ConfigError when the batch cannot be divided equally, or there is no such process
 */
export function placesOf(
  batchSize: number,
  share: Share,
): { readonly first: number; readonly count: number } {
  rejectUnknownRank(share);
  const { rank, worldSize } = share;
  if (batchSize % worldSize !== 0) {
    throw new ConfigError(
      `training.batchSize: expected a multiple of ${worldSize}, the number of processes that divide a batch, received ${batchSize}`,
    );
  }
  const count = batchSize / worldSize;
  return { first: rank * count, count };
}

/**
 * The indices below `length` that a process takes of a list that is gone through once, such as the images of an
 * evaluation: every `worldSize`-th one, so that the parts differ by one at most and each index is in one of them.
 */
export function indicesOf(length: number, share: Share): number[] {
  rejectUnknownRank(share);
  const { rank, worldSize } = share;
  const count = Math.max(0, Math.ceil((length - rank) / worldSize));
  return Array.from({ length: count }, (_, place) => rank + place * worldSize);
}

function rejectUnknownRank({ rank, worldSize }: Share): void {
  const known = Number.isInteger(worldSize) && Number.isInteger(rank) && rank >= 0 && rank < worldSize;
  if (!known) {
    throw new ConfigError(
      `share: expected a rank from 0 to ${worldSize - 1} of ${worldSize}, received ${rank}`,
    );
  }
}
