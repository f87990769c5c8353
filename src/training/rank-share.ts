/** Divides a batch among processes and gradient accumulation steps. */

import type { Config } from '../config/index.js';
import { cleanLearnerOf, mixesClean } from '../config/internal.js';
import { ConfigError } from '../errors/index.js';
import { trustedCount } from './trusted-count.js';

export interface RankShare {
  /** Counts the images of a batch that one process learns from. */
  readonly images: number;
  /** Counts those of them whose labels are clean. */
  readonly cleanImages: number;
  /** Counts the images that go through the network at once. */
  readonly partImages: number;
}

/**
 * Returns one process's share of `training.batchSize`, which counts the images of one update over all processes and
 * accumulation steps, so that a run is spread over more processes without a change to its config.
 * @throws {ConfigError} when the batch cannot be divided equally, or its parts are too small for batch normalization
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
      `training.batchSize: expected a multiple of ${divisor} (${by}), received ${batchSize}; the nearest is ${near}`,
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
  const learner = cleanLearnerOf(config);
  if (partCount > 1 && learner !== undefined) {
    throw new ConfigError(
      `training.gradientAccumulationSteps: expected 1 with ${learner.key}.kind ${learner.section.kind}, received ${partCount}: ` +
        'before each step it learns from clean labels with the whole batch at once',
    );
  }
  const cleanImages = mixesClean(config)
    ? trustedCount({
        key: 'data.clean.share',
        share: config.data.clean?.share ?? 0,
        whole: batchSize,
        parts: divisor,
        unit: { name: 'images', key: 'training.batchSize' },
      }) / worldSize
    : 0;
  return { images: batchSize / worldSize, cleanImages, partImages };
}
