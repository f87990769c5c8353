/** Loads the batches of a run by step, with a batch of clean labels beside each when the reweighter learns from them. */

import type { Config } from '../config/index.js';
import { datasetSection } from '../config/index.js';
import { learnsFromClean, normalizationOf } from '../config/internal.js';
import { type Batch, BatchLoader, type Share } from '../data/index.js';
import { wholeShare } from '../data/internal.js';
import type { RunBatches } from './step-source.js';

// Separates the draws for clean batches from those for training batches.
const cleanStream = 0x85ebca6b;

/** Holds a loaded batch, and one of clean labels; `clean` is null unless the reweighter learns from it. */
type LoadedBatch = Batch & { readonly clean: Batch | null; readonly count: number };

/** Configures `TrainingBatches`. */
export interface TrainingBatchesOptions {
  /** Is the part of each batch that this process learns from. */
  readonly share?: Share;
  /** Receives lines about how samples are drawn. */
  readonly onNotice?: (notice: string) => void;
}

export class TrainingBatches implements RunBatches {
  readonly #batches: BatchLoader;
  readonly #clean: BatchLoader | null;

  /**
   * Opens the dataset's parts; worker threads begin to load at once.
   * @throws {ConfigError} when training.batchSize cannot be divided equally among the processes
   */
  constructor(
    config: Config,
    { share = wholeShare, onNotice = () => undefined }: TrainingBatchesOptions = {},
  ) {
    const { data, seed, training } = config;
    const { augmentation, workers, cacheMiB } = data;
    const shared = {
      augmentation,
      normalization: normalizationOf(data),
      cacheMiB,
      batchSize: training.batchSize,
      share,
    };
    this.#batches = new BatchLoader({
      ...shared,
      dataset: datasetSection(data, 'train'),
      sampling: data.sampling,
      seed,
      workers,
      onNotice,
    });
    this.#clean = learnsFromClean(config)
      ? new BatchLoader({
          ...shared,
          // Labels that can be trusted stay where they are.
          augmentation: { ...augmentation, labelDeformation: null },
          dataset: datasetSection(data, 'clean'),
          count: data.clean?.count ?? null,
          seed: seed + cleanStream,
          workers: Math.min(workers, 1),
        })
      : null;
  }

  /**
   * Returns the batch of a step. Its `release` releases the clean batch too.
   * @throws {DataError} when an image or label cannot be read
   */
  async next(step: number): Promise<LoadedBatch> {
    const [batch, clean = null] = await Promise.all([this.#batches.next(step), this.#clean?.next(step)]);
    const release = () => {
      batch.release();
      clean?.release();
    };
    return { ...batch, clean, count: batch.names.length, release };
  }

  async close(): Promise<void> {
    await Promise.all([this.#batches.close(), this.#clean?.close()]);
  }
}
