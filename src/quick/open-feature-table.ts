/**
 * Opens the table of features that a head learns from: plans what is kept, reads or computes the features of every image,
 * and keeps the rows of chosen pixels. Images are read ahead in other threads while the network computes.
 */

import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { imageNetNormalization, openDataset, type SegmentationDataset } from '../data/index.js';
import { imagePairs } from '../data/internal.js';
import type { Collectives } from '../distributed/index.js';
import { ConfigError, DataError } from '../errors/index.js';
import type { Backbone } from '../models/index.js';
import type { ComponentSection } from '../registry/index.js';
import { zeros } from '../torch/index.js';
import { featureCacheFolder } from './cache-folder.js';
import { ContentHashes, contentHash } from './content-hashes.js';
import { FeatureCache } from './feature-cache.js';
import { FeatureNetwork, type FeatureReading } from './feature-network.js';
import { type FeaturePlan, planFeatures } from './feature-plan.js';
import { FeatureSource } from './feature-source.js';
import { FeatureTable } from './feature-table.js';
import { type FeatureView, plainView } from './feature-view.js';
import type { RowChoice } from './image-rows.js';
import { measureSizes } from './measure-sizes.js';
import { networkFingerprint } from './network-fingerprint.js';
import { readAhead } from './read-ahead.js';

/** Reports how far the features of a dataset have come. */
export interface FeatureProgress {
  /** Counts the images whose rows are in the table, or are kept for it by this process. */
  readonly done: number;
  readonly total: number;
  /** Counts the passes of the network; 0 as long as all features were kept. */
  readonly computed: number;
}

/** Configures `openFeatureTable`. */
export interface FeatureTableOptions
  extends Partial<Omit<FeatureReading, 'taps'>>,
    Partial<Omit<RowChoice, 'rowsPerView' | 'seed'>> {
  /** Is the frozen network, which must not learn as long as the table is open. */
  readonly backbone: Backbone;
  readonly taps: FeatureReading['taps'];
  /** Names the dataset, or is one that is open already. */
  readonly dataset: SegmentationDataset | ComponentSection;
  /** Is a dataset with the same images and others, beside whose features those of this one are kept; itself by default. */
  readonly keptWith?: SegmentationDataset;
  /** Names the section of a config that an open dataset was opened from; kept rows are found by it. */
  readonly section?: ComponentSection;
  /** Says how the backbone was made, as its section of a config; kept features are of the same one. */
  readonly description?: unknown;
  /** Lists the ways in which each image is shown; as it is by default. */
  readonly views?: readonly FeatureView[];
  readonly seed: number;
  /** Limits the memory of the rows, in MiB; 1024 by default. */
  readonly memoryMiB?: number;
  /** Limits what all kept features take on disk, in MiB; 8192 by default, and 0 keeps none. */
  readonly diskMiB?: number;
  /** Names the folder of kept features; that of the user by default. */
  readonly cacheFolder?: string;
  /** Connects processes that train together: each computes its part of the images, and all have the whole table. */
  readonly processGroup?: Pick<Collectives, 'rank' | 'worldSize' | 'allReduce_'> | null;
  readonly onProgress?: (progress: FeatureProgress) => void;
  /** Receives lines about what is kept, assumed or left out. */
  readonly onNotice?: (notice: string) => void;
}

/**
 * Returns the table of a dataset's features; the caller disposes it.
 *
 * @throws {DataError} naming the file when an image cannot be read or has no labels, and for an empty dataset
 * @throws {ConfigError} when the backbone does not give a tap, and when the memory does not hold a row of each image
 */
export async function openFeatureTable(options: FeatureTableOptions): Promise<FeatureTable> {
  const { views = [plainView], processGroup = null, onProgress = () => undefined } = options;
  const dataset = await openedDataset(options);
  const { source, plan, network } = await openSource(dataset, options);
  if (plan.notice !== null) options.onNotice?.(plan.notice);
  const table = new FeatureTable({
    channels: network.channels,
    patchSize: options.patchSize ?? 1,
    images: dataset.length,
    capacity: plan.rowsPerView * views.length * dataset.length,
    source,
  });
  try {
    if (processGroup !== null && processGroup.worldSize > 1 && (options.diskMiB ?? 1) > 0) {
      await computeShare(source, { images: dataset.length, processGroup, onProgress });
    }
    const images = Array.from({ length: dataset.length }, (_, index) => index);
    let done = 0;
    for await (const prepared of readAhead(images, (index) => source.prepare(index), {
      ahead: imagesAhead,
    })) {
      table.set(prepared.index, await source.rows(prepared));
      done++;
      onProgress({ done, total: dataset.length, computed: source.computed });
    }
    source.saveHashes();
    return table;
  } catch (error) {
    table[Symbol.dispose]();
    throw error;
  }
}

/** Counts the images that are read while the network computes another one. */
const imagesAhead = 2 * availableParallelism();

/** Counts the images after which processes wait for one another, so that none waits longer than the group allows. */
const imagesOfRound = 32;

/** Computes this process's part of the features into the common folder, and waits for the others. */
async function computeShare(
  source: FeatureSource,
  {
    images,
    processGroup,
    onProgress,
  }: {
    readonly images: number;
    readonly processGroup: NonNullable<FeatureTableOptions['processGroup']>;
    readonly onProgress: (progress: FeatureProgress) => void;
  },
): Promise<void> {
  const { rank, worldSize } = processGroup;
  const total = Math.ceil((images - rank) / worldSize);
  const rounds = Math.ceil(Math.ceil(images / worldSize) / imagesOfRound);
  let done = 0;
  for (let round = 0; round < rounds; round++) {
    const count = Math.max(0, Math.min(imagesOfRound, total - round * imagesOfRound));
    const own = Array.from(
      { length: count },
      (_, place) => (round * imagesOfRound + place) * worldSize + rank,
    );
    for await (const prepared of readAhead(own, (index) => source.prepare(index), { ahead: imagesAhead })) {
      await source.keep(prepared);
      done++;
      onProgress({ done, total, computed: source.computed });
    }
    waitForOthers(processGroup);
  }
}

function waitForOthers(processGroup: NonNullable<FeatureTableOptions['processGroup']>): void {
  const arrived = zeros([1], { dtype: 'float32' });
  try {
    processGroup.allReduce_(arrived);
  } finally {
    arrived.dispose();
  }
}

/** Returns the dataset of the options, which is opened unless it is open. */
export async function openedDataset({
  dataset: given,
  normalization = imageNetNormalization,
}: FeatureTableOptions): Promise<SegmentationDataset> {
  const dataset = isOpen(given) ? given : await openDataset(given);
  if (dataset.length === 0) throw new DataError('the dataset has no image to take features of');
  const { channels = 3 } = dataset;
  if (channels !== normalization.mean.length) {
    throw new ConfigError(
      `openFeatureTable: the normalization has ${normalization.mean.length} channels, the images of the dataset have ${channels}`,
    );
  }
  return dataset;
}

/** Opens what gives the features of a dataset; the caller disposes the source. */
export async function openSource(
  dataset: SegmentationDataset,
  options: FeatureTableOptions,
): Promise<{ readonly source: FeatureSource; readonly plan: FeaturePlan; readonly network: FeatureNetwork }> {
  const { backbone, dataset: given, taps, views = [plainView], seed, description = null } = options;
  const { memoryMiB = 1024, diskMiB = 8192, patchSize = 1, placement = 'pixels', rareClasses = 0 } = options;
  const { deformation = null } = options;
  const { cacheFolder: root = featureCacheFolder(), onNotice = () => undefined } = options;
  const { device = 'cpu', precision = 'auto', kernels, baseSize = null } = options;
  const network = new FeatureNetwork(backbone, {
    taps,
    normalization: options.normalization ?? imageNetNormalization,
    ...{ baseSize, device, precision },
    ...(kernels !== undefined && { kernels }),
  });
  try {
    const plan = planFeatures({
      ...{ backbone, taps, views, baseSize, patchSize, memoryMiB, diskMiB },
      images: dataset.length,
      sizes: await measureSizes(dataset),
    });
    const choice = {
      ...{ seed, rowsPerView: plan.rowsPerView, rareClasses, placement, patchSize },
      // Absent where labels stay, so that rows which were kept before are found.
      ...(deformation !== null && { deformation }),
    };
    const fingerprint = networkFingerprint(backbone, {
      reading: network.reading,
      description: [description, dataset.imageReading ?? null],
    });
    const place = contentHash(placeOf(options.keptWith ?? dataset)).slice(0, 16);
    const section = options.section ?? (isOpen(given) ? null : given);
    const labelContext = section && JSON.stringify([dataset.classes, { ...section, root: null }, choice]);
    const source = new FeatureSource({
      ...{ dataset, network, views, choice, labelContext },
      kept: plan.kept,
      cache: new FeatureCache({
        root,
        group: `${fingerprint}-${place}`,
        budgetBytes: diskMiB * 2 ** 20,
        onNotice,
      }),
      hashes: new ContentHashes(join(root, `${place}.json`)),
    });
    return { source, plan, network };
  } catch (error) {
    network[Symbol.dispose]();
    throw error;
  }
}

/** Returns a text that differs between datasets in different folders. */
function placeOf(dataset: SegmentationDataset): string {
  const files = imagePairs(dataset.files);
  if (files === null)
    return JSON.stringify(Array.from({ length: dataset.length }, (_, index) => dataset.name(index)));
  // The images alone, so that all labels of a folder share the features of its images.
  return JSON.stringify(Array.from({ length: dataset.length }, (_, index) => files.get(index)?.image));
}

function isOpen(dataset: SegmentationDataset | ComponentSection): dataset is SegmentationDataset {
  return typeof dataset.read === 'function';
}
