/** Restricts a dataset to some of its samples, spread evenly. */

import type { SegmentationDataset } from '../data/index.js';
import { imagePairs, PairTable } from '../data/internal.js';
import { ConfigError } from '../errors/index.js';

/**
 * Returns the dataset with this many of its samples; null takes all.
 *
 * @throws {ConfigError} when it has fewer
 */
export function spreadSubset(dataset: SegmentationDataset, count: number | null): SegmentationDataset {
  if (count === null) return dataset;
  if (count > dataset.length) {
    throw new ConfigError(
      `data.clean.count: expected at most ${dataset.length}, as many as the dataset has, received ${count}`,
    );
  }
  const place = (index: number) => Math.floor((index * dataset.length) / count);
  const { open, readLabels, imageReading } = dataset;
  const pairs = imagePairs(dataset.files)?.slice(0, dataset.length);
  const own = pairs && Array.from({ length: count }, (_, index) => pairs[place(index)]);
  return {
    classes: dataset.classes,
    length: count,
    ...(dataset.channels !== undefined && { channels: dataset.channels }),
    ...(imageReading !== undefined && { imageReading }),
    ...(own && { files: PairTable.from(own.filter((pair) => pair !== undefined)).content }),
    name: (index) => dataset.name(place(index)),
    read: (index) => dataset.read(place(index)),
    ...(open && { open: (index: number) => open.call(dataset, place(index)) }),
    ...(readLabels && { readLabels: (index: number) => readLabels.call(dataset, place(index)) }),
  };
}
