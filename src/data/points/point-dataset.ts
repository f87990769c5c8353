/** Shows the images of a dataset that have points, with the points alone as their labels. */

import { OperationError } from '../../errors/index.js';
import type { OpenSample, Sample, SegmentationDataset } from '../datasets/dataset.js';
import { imagePairs, PairTable, type SharedFiles } from '../files/pair-table.js';
import type { LabelMap } from '../images/label-file.js';
import { type ImagePoints, labelMapOf, type PointLabels } from './point-labels.js';

/** Is a dataset whose labels are points; all other pixels are ignored. */
export interface PointDataset extends SegmentationDataset {
  /** Gives the index of each sample in the dataset that the points are of. */
  readonly indices: readonly number[];
  /** Returns the labels of sample `index`; no file is read. */
  readLabels(index: number): Promise<LabelMap>;
}

/** Returns the samples of a dataset that have points, in its order, with these points as labels. */
export function pointDataset(dataset: SegmentationDataset, points: PointLabels): PointDataset {
  const indices = [...points.keys()].sort((a, b) => a - b);
  const at = (place: number): { readonly index: number; readonly image: ImagePoints } => {
    const index = indices[place];
    const image = index === undefined ? undefined : points.get(index);
    if (index === undefined || image === undefined) {
      throw new OperationError(
        `pointDataset: expected a sample from 0 to ${indices.length - 1}, received ${place}`,
      );
    }
    return { index, image };
  };
  const withPoints = <T extends Sample | OpenSample>(sample: T, image: ImagePoints): T => ({
    ...sample,
    labels: labelMapOf(image),
  });
  const { open, channels, imageReading } = dataset;
  const files = filesOf(dataset, { indices, points });
  return {
    classes: dataset.classes,
    length: indices.length,
    indices,
    ...(channels !== undefined && { channels }),
    ...(imageReading !== undefined && { imageReading }),
    ...(files !== null && { files }),
    name: (place) => dataset.name(at(place).index),
    read: async (place) => {
      const { index, image } = at(place);
      return withPoints(await dataset.read(index), image);
    },
    ...(open && {
      open: async (place: number) => {
        const { index, image } = at(place);
        return withPoints(await open.call(dataset, index), image);
      },
    }),
    readLabels: async (place) => {
      const { image } = at(place);
      const { width, height } = image;
      return { width, height, labels: labelMapOf(image) };
    },
  };
}

/** Names the image and the file of points of each sample. */
function filesOf(
  dataset: SegmentationDataset,
  { indices, points }: { readonly indices: readonly number[]; readonly points: PointLabels },
): SharedFiles | null {
  const pairs = imagePairs(dataset.files);
  if (pairs === null) return null;
  return PairTable.from(
    indices.flatMap((index) => {
      const pair = pairs.get(index);
      return pair === undefined ? [] : [{ ...pair, labels: points.get(index)?.path ?? null }];
    }),
  ).content;
}
