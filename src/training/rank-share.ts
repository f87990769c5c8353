/** How many images a process takes of every batch, and in how many at a time. */

import type { Config } from '../config/index.js';
import { learnsFromClean } from '../config/internal.js';
import { ConfigError } from '../errors/index.js';

export interface RankShare {
  /** Images of a batch that one process learns from. */
  readonly images: number;
  /** Images that go through the network at once. */
  readonly partImages: number;
}

/**
 * `training.batchSize` is what one update learns from, however many processes share it and in however many parts each
 * takes its share, so that a run grows without a change to its config.
 *
 * @throws ConfigError when the batch cannot be divided so, or the parts are too small to normalize
 */
export function rankShare(config: Config, worldSize: number): RankShare {
  const { batchSize, gradientAccumulationSteps: partCount } = config.training;
  const divisor = worldSize * partCount;
  if (batchSize % divisor !== 0) {
    const by = [
      ...(worldSize > 1 ? [`${worldSize} processes`] : []),
      ...(partCount > 1 ? [`training.gradientAccumulationSteps = ${partCount}`] : []),
    ].join(' times ');
    const near = Math.max(1, Math.round(batchSize / divisor)) * divisor;
    throw new ConfigError(
      `training.batchSize: expected a multiple of ${divisor} (${by}), received ${batchSize}; ${near} would do`,
    );
  }
  const partImages = batchSize / divisor;
  const together = worldSize > 1 && config.distributed.syncBatchNorm;
  if (partImages === 1 && !together) {
    throw new ConfigError(
      `training.batchSize: ${batchSize} leaves one image at a time for ${divisor} shares, and batch normalization has ` +
        `no variance over one image; expected at least ${2 * divisor}`,
    );
  }
  if (partCount > 1 && learnsFromClean(config)) {
    throw new ConfigError(
      `training.gradientAccumulationSteps: expected 1 with reweighter.kind ${config.reweighter?.kind}, received ${partCount}: ` +
        'what it learns from clean labels before a step, it learns from the whole batch at once',
    );
  }
  return { images: batchSize / worldSize, partImages };
}
