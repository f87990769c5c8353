/**
 * Loads the batches of a run by step: crops with the labels that train, beside them those of points and clean labels that
 * have a share, and a batch of clean labels when the reweighter learns from them.
 */

import type { Config } from '../config/index.js';
import { datasetSection } from '../config/index.js';
import { learnsFromClean, mixesClean, normalizationOf } from '../config/internal.js';
import { type Batch, BatchLoader, type PointLabels, type Share } from '../data/index.js';
import { wholeShare } from '../data/internal.js';
import { mixBatch } from './mixed-batch.js';
import { rankShare } from './rank-share.js';
import type { RunBatches } from './step-source.js';
import type { TrainingBatch } from './training-batch.js';

// Separates the draws for clean batches from those for training batches.
const cleanStream = 0x85ebca6b;
// Separates the draws for clean crops among those that train from both.
const mixedStream = 0xc2b2ae35;

/** Holds a loaded batch, and one of clean labels; `clean` is null unless the reweighter learns from it. */
type LoadedBatch = Batch &
  Pick<TrainingBatch, 'trusted'> & { readonly clean: Batch | null; readonly count: number };

/** Configures `TrainingBatches`. */
export interface TrainingBatchesOptions {
  /** Is the part of each batch that this process learns from. */
  readonly share?: Share;
  /** Holds the points of training images; null, the default, where none are read. */
  readonly points?: PointLabels | null;
  /** Receives lines about how samples are drawn. */
  readonly onNotice?: (notice: string) => void;
}

export class TrainingBatches implements RunBatches {
  readonly #batches: BatchLoader;
  readonly #clean: BatchLoader | null;
  /** Loads clean crops that train beside the others. */
  readonly #mixed: BatchLoader | null;
  readonly #points: PointLabels | null;
  readonly #config: Config;

  /**
   * Opens the dataset's parts; worker threads begin to load at once.
   * @throws {ConfigError} when training.batchSize cannot be divided equally among the processes
   */
  constructor(
    config: Config,
    { share = wholeShare, points = null, onNotice = () => undefined }: TrainingBatchesOptions = {},
  ) {
    const { data, seed, training } = config;
    this.#config = config;
    this.#points = points;
    const mixedCount = mixesClean(config)
      ? rankShare(config, share.worldSize).cleanImages * share.worldSize
      : 0;
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
      batchSize: training.batchSize - mixedCount,
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
    this.#mixed =
      mixedCount === 0
        ? null
        : new BatchLoader({
            ...shared,
            augmentation: { ...augmentation, labelDeformation: null },
            dataset: datasetSection(data, 'clean'),
            batchSize: mixedCount,
            count: data.clean?.count ?? null,
            seed: seed + mixedStream,
            workers: Math.min(workers, 1),
          });
  }

  /**
   * Returns the batch of a step. Its `release` releases the clean batches too.
   * @throws {DataError} when an image or label cannot be read
   */
  async next(step: number): Promise<LoadedBatch> {
    const [batch, clean = null, mixed = null] = await Promise.all([
      this.#batches.next(step),
      this.#clean?.next(step),
      this.#mixed?.next(step),
    ]);
    const release = () => {
      batch.release();
      clean?.release();
      mixed?.release();
    };
    const { data, training } = this.#config;
    const joined = mixBatch(batch, {
      points: this.#points && data.points && { labels: this.#points, share: data.points.share },
      clean: mixed && { batch: mixed, share: data.clean?.share ?? 0 },
      parts: training.gradientAccumulationSteps,
    });
    const names = [...batch.names, ...(mixed?.names ?? [])];
    return { ...batch, ...joined, names, clean, count: names.length, release };
  }

  async close(): Promise<void> {
    await Promise.all([this.#batches.close(), this.#clean?.close(), this.#mixed?.close()]);
  }
}
