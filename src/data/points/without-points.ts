/** Shows a dataset without its labels of pixels that have points, so that a pixel has one label only. */

import { ignoreIndex } from '../classes.js';
import type { OpenSample, Sample, SegmentationDataset } from '../datasets/dataset.js';
import type { PointLabels } from './point-labels.js';

/** Returns the dataset with 255 where an image has a point. */
export function withoutPoints(dataset: SegmentationDataset, points: PointLabels): SegmentationDataset {
  const { open, readLabels, channels, imageReading, files, skipped } = dataset;
  const masked = (labels: Uint8Array, index: number): Uint8Array => {
    const own = points.get(index);
    if (own === undefined) return labels;
    const others = labels.slice();
    for (const pixel of own.pixels) others[pixel] = ignoreIndex;
    return others;
  };
  const sample = <T extends Sample | OpenSample>(given: T, index: number): T =>
    given.labels === null ? given : { ...given, labels: masked(given.labels, index) };
  return {
    classes: dataset.classes,
    length: dataset.length,
    ...(channels !== undefined && { channels }),
    ...(imageReading !== undefined && { imageReading }),
    ...(files !== undefined && { files }),
    ...(skipped !== undefined && { skipped }),
    name: (index) => dataset.name(index),
    read: async (index) => sample(await dataset.read(index), index),
    ...(open && { open: async (index: number) => sample(await open.call(dataset, index), index) }),
    ...(readLabels && {
      readLabels: async (index: number) => {
        const map = await readLabels.call(dataset, index);
        return map && { ...map, labels: masked(map.labels, index) };
      },
    }),
  };
}
