/** Says from which rows of a table the pixel loss learns: from all that have a label, but those which a loss of regions takes. */

import { ignoreIndex, type SegmentationDataset } from '../data/index.js';
import { tensorFrom, tidy } from '../torch/index.js';
import type { TrainingComponents } from '../training/index.js';
import { relaxedPixels } from '../training/internal.js';
import type { FeatureRows } from './feature-rows.js';

type RegionLosses = NonNullable<TrainingComponents['regionLosses']>;

/**
 * Returns the class of each row, 255 for rows of pixels in whose place a loss of regions stands. The labels are looked at in
 * whole images, pixel by pixel.
 *
 * @throws {DataError} naming the file when a label cannot be read
 */
export async function labelsToLearn(
  table: Pick<FeatureRows, 'labels' | 'places' | 'imageIndices'>,
  {
    dataset,
    regionLosses = [],
  }: { readonly dataset: SegmentationDataset; readonly regionLosses?: RegionLosses | undefined },
): Promise<Uint8Array> {
  if (!regionLosses.some(({ loss }) => loss.relaxes)) return table.labels;
  const labels = table.labels.slice();
  const { places, imageIndices } = table;
  // Rows are ordered by image.
  for (let row = 0; row < labels.length; ) {
    const index = imageIndices[row] as number;
    const { width, height, ...map } = (await dataset.readLabels?.(index)) ?? (await dataset.read(index));
    const relaxed = relaxedOf(map.labels, { width, height, regionLosses });
    for (; imageIndices[row] === index; row++) {
      const x = Math.floor((places[2 * row] as number) * width);
      const y = Math.floor((places[2 * row + 1] as number) * height);
      if (relaxed[y * width + x] === 1) labels[row] = ignoreIndex;
    }
  }
  return labels;
}

function relaxedOf(
  labels: Uint8Array | null,
  {
    width,
    height,
    regionLosses,
  }: { readonly width: number; readonly height: number; readonly regionLosses: RegionLosses },
): Uint8Array {
  if (labels === null) return new Uint8Array(width * height);
  return tidy(() => {
    const labelsNHW = tensorFrom(labels, { dtype: 'uint8', shape: [1, height, width] }).to({
      dtype: 'int64',
    });
    const mask = relaxedPixels(regionLosses, labelsNHW);
    return mask === null
      ? new Uint8Array(width * height)
      : (mask.to({ dtype: 'uint8' }).toTypedArray() as Uint8Array);
  });
}
