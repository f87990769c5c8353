/**
 * Describes where the batches of a run come from. The images of the dataset are the usual source; a room above may give
 * another one, with the network that learns from its batches in place of the whole one.
 */

import type { Config } from '../config/index.js';
import type { PointLabels, SegmentationDataset } from '../data/index.js';
import type { ProcessGroup } from '../distributed/index.js';
import type { ConfiguredTrainingComponents } from './create-training-components.js';
import type { TrainingEvent } from './events.js';
import type { DeviceBatch, TrainingBatch } from './training-batch.js';
import type { StepBatch, TrainableModel } from './training-components.js';

/** Holds the batch of a step of a run; it is valid until `release`. */
export type RunBatch = (TrainingBatch | DeviceBatch) & {
  /** Names what the batch shows, for the report of a loss that is not finite. */
  readonly names: readonly string[];
  /** Counts the images or pixels of this process's share. */
  readonly count: number;
  /** Holds for each crop its pixels by label; null or absent where classes are not counted. */
  readonly classPixels?: readonly Uint32Array[] | null;
  release(): void;
};

/** Gives the batches of a run by step. */
export interface RunBatches {
  /** Gives the time that was taken before the first step; absent where nothing was prepared. */
  readonly preparationSeconds?: number;
  /** Returns this process's share of the batch of a step, which depends on seed and step alone. */
  next(step: number): Promise<RunBatch>;
  /**
   * Returns the held-out points as one batch for the network of a step, where the source has features of them. The caller
   * disposes its tensors.
   */
  heldOut?(): StepBatch | null;
  close(): Promise<void>;
}

/** Holds what a source may read of the run that it is opened for. */
export interface SourcePlace {
  readonly config: Config;
  /** Holds network, reweighter and losses of regions, as they are before the next step. */
  readonly components: Pick<ConfiguredTrainingComponents, 'model' | 'reweighter' | 'regionLosses'>;
  readonly training: SegmentationDataset;
  /** Holds the points of training images; null where none are read. */
  readonly points: PointLabels | null;
  /** Holds points that are scored and not learned from; null where none are held out. */
  readonly heldOut: PointLabels | null;
  /** Is false where a checkpoint was restored. */
  readonly startsAnew: boolean;
  /** Connects the processes that train together; null when this one trains alone. */
  readonly processGroup: ProcessGroup | null;
  readonly onEvent: (event: TrainingEvent) => void;
}

/** Gives a run other batches than crops of its images. */
export interface StepSource {
  /** Names what a batch counts. */
  readonly unit: 'images' | 'pixels';
  /** Returns the network that learns from the batches. It shares its parameters with the whole network, which frees them. */
  networkOf(components: Pick<ConfiguredTrainingComponents, 'model' | 'reweighter'>): TrainableModel;
  /** Throws a ConfigError where a batch cannot be divided among the processes. */
  checkShare(config: Config, worldSize: number): void;
  open(place: SourcePlace): Promise<RunBatches>;
}
