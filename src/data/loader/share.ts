/**
 * Divides work among several processes. A batch is drawn as a whole and then divided, so that the number of processes changes
 * only who loads a sample: none is loaded twice or left out, and all random draws stay the same.
 */

import { ConfigError } from '../../errors/index.js';

/** Identifies one process (`rank`, from 0) of `worldSize`. */
export interface Share {
  readonly rank: number;
  readonly worldSize: number;
}

/** Stands for all of the work, which a single process does. */
export const wholeShare: Share = { rank: 0, worldSize: 1 };

/**
 * Returns the places [first, first + count) of a batch that a process loads: one of equal consecutive parts.
 *
 * @throws {ConfigError} when the batch cannot be divided equally, or there is no such process
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

function rejectUnknownRank({ rank, worldSize }: Share): void {
  const known = Number.isInteger(worldSize) && Number.isInteger(rank) && rank >= 0 && rank < worldSize;
  if (!known) {
    throw new ConfigError(
      `share: expected a rank from 0 to ${worldSize - 1} of ${worldSize}, received ${rank}`,
    );
  }
}
