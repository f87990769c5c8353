/** Finds the classes of each training image for losses that need them, once for a dataset. */

import { type Config, datasetSection } from '../config/index.js';
import type { SegmentationDataset } from '../data/index.js';
import { imageClasses, keepImageClasses, keptImageClasses } from '../data/internal.js';
import type { ProcessGroup } from '../distributed/index.js';
import { regionLosses } from '../losses/index.js';
import { tensorFrom } from '../torch/index.js';
import { broadcastJson } from './rank-state.js';
import { anyNeeds } from './region-losses.js';

/** Configures `findImageClasses`. */
export interface FindImageClassesOptions {
  /** Holds the training images. */
  readonly dataset: SegmentationDataset;
  /** Connects the processes that train together; each then reads its share of the labels. */
  readonly processGroup: ProcessGroup | null;
  readonly onNotice: (notice: string) => void;
}

/**
 * Returns for each training image which classes its labels have, [images, classes] with 1 for those; null where no loss of
 * the config needs it. With a process group every process must call it.
 *
 * @throws {DataError} naming the file when a label cannot be read
 */
export async function findImageClasses(
  config: Config,
  { dataset, processGroup, onNotice }: FindImageClassesOptions,
): Promise<Uint8Array | null> {
  const needs = config.regionLosses.map(({ kind }) => regionLosses.get(kind));
  if (!anyNeeds(needs, 'candidates')) return null;
  const section = datasetSection(config.data, 'train');
  const isFirst = processGroup === null || processGroup.rank === 0;
  const kept = isFirst ? await keptImageClasses(dataset, section) : null;
  const known = processGroup ? sharedFinding(processGroup, kept) : kept;
  if (known !== null) return known;
  onNotice(`regionLosses: looking for the classes in the labels of ${dataset.length} training images`);
  const { rank = 0, worldSize = 1 } = processGroup ?? {};
  const own = await imageClasses(dataset, { first: rank, step: worldSize });
  const found = processGroup ? sumOf(processGroup, own) : own;
  if (isFirst) await keepImageClasses(dataset, { section, found });
  return found;
}

/** Returns on every rank what rank 0 has found kept. */
function sharedFinding(processGroup: ProcessGroup, kept: Uint8Array | null): Uint8Array | null {
  const text = broadcastJson(processGroup, kept && Buffer.from(kept).toString('base64'));
  return text === null ? null : new Uint8Array(Buffer.from(text, 'base64'));
}

/** Adds up the rows that each rank has found for its own images. */
function sumOf(processGroup: ProcessGroup, own: Uint8Array): Uint8Array {
  const sums = tensorFrom(Float32Array.from(own), { dtype: 'float32', shape: [own.length] });
  processGroup.allReduce_(sums);
  const found = Uint8Array.from(sums.toTypedArray() as Float32Array);
  sums.dispose();
  return found;
}
