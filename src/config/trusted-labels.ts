/**
 * Says which labels a config trusts beside those that train: points, and clean labels with a share of the objective.
 */

import { openDataset, openPoints, type PointLabels, type SegmentationDataset } from '../data/index.js';
import { ConfigError, DataError } from '../errors/index.js';
import { datasetSection } from './data-section.js';
import type { Config } from './schema.js';

/** Returns whether the network learns from clean labels beside the others. */
export function mixesClean({ data }: Pick<Config, 'data'>): boolean {
  return data.clean !== null && data.clean.share > 0;
}

/**
 * Checks that the shares of trusted labels leave some to the others.
 * @throws {ConfigError} naming the keys when they do not
 */
export function checkTrustedLabels({ data }: Pick<Config, 'data'>): void {
  const points = data.points?.share ?? 0;
  const clean = data.clean?.share ?? 0;
  if (points + clean < 1) return;
  throw new ConfigError(
    `data.points.share: ${points} and data.clean.share: ${clean} leave nothing to the labels that train; expected a sum below 1`,
  );
}

/**
 * Returns the points of the images that train; null where the config names none.
 * @throws {DataError} naming the file when it cannot be used
 */
export async function openConfigPoints(
  { data }: Pick<Config, 'data'>,
  training: SegmentationDataset,
): Promise<PointLabels | null> {
  return data.points && openPoints(training, { ...data.points, root: data.root });
}

/**
 * Checks the files of points before anything is loaded.
 * @throws {DataError} naming the file when it cannot be used
 */
export async function checkPoints(config: Pick<Config, 'data'>): Promise<void> {
  if (config.data.points === null) return;
  try {
    await openConfigPoints(config, await openDataset(datasetSection(config.data, 'train')));
  } catch (error) {
    throw error instanceof DataError ? new DataError(`data.points: ${error.message}`) : error;
  }
}
