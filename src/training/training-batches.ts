/** The batches of a run by step: those that the network learns from, with those of clean labels where these are used. */

import type { Config } from '../config/index.js';
import { datasetSection } from '../config/index.js';
import { learnsFromClean } from '../config/internal.js';
import { type Batch, BatchLoader, type Share } from '../data/index.js';
import { wholeShare } from '../data/internal.js';

// Keeps the draws for clean batches apart from those for training batches.
const cleanStream = 0x85ebca6b;

export interface TrainingBatch extends Batch {
  /** A batch whose labels can be trusted; null unless the reweighter learns from one. */
  readonly clean: Batch | null;
}

export class TrainingBatches {
  readonly #batches: BatchLoader;
  readonly #clean: BatchLoader | null;

  /**
   * `share` is the part of each batch that this process learns from.
   * @throws ConfigError when training.batchSize cannot be divided equally among the processes
   */
  constructor(config: Config, share: Share = wholeShare) {
    const { data, seed, training } = config;
    const { augmentation, workers, cacheMiB } = data;
    const shared = { augmentation, cacheMiB, batchSize: training.batchSize, share };
    this.#batches = new BatchLoader({ ...shared, dataset: datasetSection(data, 'train'), seed, workers });
    this.#clean = learnsFromClean(config)
      ? new BatchLoader({
          ...shared,
          dataset: datasetSection(data, 'clean'),
          count: data.clean?.count ?? null,
          seed: seed + cleanStream,
          workers: Math.min(workers, 1),
        })
      : null;
  }

  /** The batch of a step; its release gives back the clean one too. */
  async next(step: number): Promise<TrainingBatch> {
    const [batch, clean = null] = await Promise.all([this.#batches.next(step), this.#clean?.next(step)]);
    const release = () => {
      batch.release();
      clean?.release();
    };
    return { ...batch, clean, release };
  }

  async close(): Promise<void> {
    await Promise.all([this.#batches.close(), this.#clean?.close()]);
  }
}
