/** Creates the sampler of a loader. A class-balanced one first finds the classes in the labels, or takes what was kept. */

import { counted } from '../../format/index.js';
import type { ComponentSection } from '../../registry/index.js';
import type { SegmentationDataset } from '../datasets/dataset.js';
import { type FindingKey, findKept, keepFinding } from '../files/label-findings.js';
import { sampleStamps } from '../files/sample-stamps.js';
import type { Size } from '../images/size.js';
import { type ClassCentroids, gatherCentroids, type MapCentroids } from './centroids.js';
import { ClassBalancedSampler } from './class-balanced-sampler.js';
import type { CentroidTask } from './sample-producer.js';
import { type BatchSampler, Sampler } from './sampler.js';

/** Says how the samples of a training are drawn: as they come, or so that rare classes are seen. */
export type Sampling = 'uniform' | 'classBalanced';

/** Finds the classes in the labels of a sample, in whichever thread it runs. */
export interface CentroidFinder {
  centroids(task: CentroidTask): Promise<MapCentroids>;
}

/** Configures `createSampler`. */
export interface CreateSamplerOptions {
  readonly sampling: Sampling;
  /** Counts the samples that are drawn from; `indexOf` gives the place of each in the dataset. */
  readonly length: number;
  readonly indexOf: (drawn: number) => number;
  readonly batchSize: number;
  readonly seed: number;
  /** Is the description of the dataset; null for one that has none, whose centers are not kept. */
  readonly section: ComponentSection | null;
  /** Gives the size of the crops, which is that of the tiles too. */
  readonly tile: Size;
  /** Lists who finds classes; a sample is always read by the same one, which may keep it in memory. */
  readonly finders: readonly CentroidFinder[];
  readonly onNotice: (notice: string) => void;
}

/** From this number of samples on, centers are kept between runs; fewer are found in seconds. */
const leastKept = 200;
// Must be raised whenever the same labels would give other centers.
const format = 2;
/** Limits the samples that are asked for at once. */
const together = 64;

/**
 * Creates the sampler.
 * @throws {ConfigError} when no label of the dataset is of a class and samples are to be balanced
 * @throws {DataError} naming the first label file that cannot be read
 */
export async function createSampler(
  dataset: SegmentationDataset,
  options: CreateSamplerOptions,
): Promise<BatchSampler> {
  const { sampling, length, batchSize, seed, onNotice } = options;
  if (sampling === 'uniform') return new Sampler({ length, batchSize, seed });
  const centroids = await centroidsOf(dataset, options);
  onNotice(summaryOf(dataset, centroids));
  return new ClassBalancedSampler({ length, batchSize, seed, centroids });
}

async function centroidsOf(
  dataset: SegmentationDataset,
  options: CreateSamplerOptions,
): Promise<readonly ClassCentroids[]> {
  const { length, onNotice } = options;
  const key = length < leastKept ? null : await keyOf(dataset, options);
  const kept = key && (await findKept<ClassCentroids[]>(key));
  if (kept !== null) return kept;
  if (length >= leastKept) {
    onNotice(
      `class-balanced sampling: looking for the classes in ${counted(length, 'label file', 'label files')}`,
    );
  }
  const maps: MapCentroids[] = [];
  for (let start = 0; start < length; start += together) {
    const count = Math.min(together, length - start);
    maps.push(
      ...(await Promise.all(Array.from({ length: count }, (_, place) => mapOf(start + place, options)))),
    );
  }
  const centroids = gatherCentroids(maps, { classCount: dataset.classes.length });
  if (key !== null) keepFinding(key, centroids);
  return centroids;
}

function mapOf(drawn: number, { indexOf, finders, tile }: CreateSamplerOptions): Promise<MapCentroids> {
  const index = indexOf(drawn);
  const finder = finders[index % finders.length] as CentroidFinder;
  return finder.centroids({ index, tile });
}

/** Returns what kept centers belong to; null where it cannot be told whether files have changed. */
async function keyOf(
  dataset: SegmentationDataset,
  { section, length, tile }: CreateSamplerOptions,
): Promise<FindingKey | null> {
  if (section === null) return null;
  const stamps = await sampleStamps(dataset.files).catch(() => null);
  if (stamps === null) return null;
  const names = stamps.map((_, index) => dataset.name(index));
  const classes = dataset.classes.map(({ name }) => name);
  return { kind: 'centroids', format, stamps, names, settings: { section, length, tile, classes } };
}

function summaryOf({ classes }: SegmentationDataset, centroids: readonly ClassCentroids[]): string {
  const rare = centroids
    .flatMap(({ samples }, label) => (samples.length === 0 ? [] : [{ label, count: samples.length }]))
    .sort((a, b) => a.count - b.count)
    .map(({ label, count }) => `${classes[label]?.name} ${count}`);
  const absent = centroids.flatMap(({ samples }, label) =>
    samples.length === 0 ? [`${classes[label]?.name}`] : [],
  );
  const without = absent.length === 0 ? '' : `; no label of: ${absent.join(', ')}`;
  return (
    'class-balanced sampling: half of the crops are drawn around the centers of classes, each class equally often; ' +
    `centers found: ${rare.join(', ')}${without}`
  );
}
