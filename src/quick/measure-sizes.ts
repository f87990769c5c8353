/** Measures some images of a dataset, by which its features are planned. */

import type { SegmentationDataset, Size } from '../data/index.js';
import { imagePairs, readImageHeader } from '../data/internal.js';

/** Limits the files whose headers are read, and the images that are decoded where there are no files. */
const mostHeaders = 64;
const mostDecoded = 3;

/**
 * Returns the sizes of images that are spread evenly over the dataset.
 *
 * @throws {DataError} naming the file when one of them cannot be read
 */
export async function measureSizes(dataset: SegmentationDataset): Promise<Size[]> {
  const files = imagePairs(dataset.files);
  const count = Math.min(dataset.length, files === null ? mostDecoded : mostHeaders);
  const indices = Array.from({ length: count }, (_, place) => Math.floor((place * dataset.length) / count));
  const sizeOf = async (index: number): Promise<Size> => {
    const path = files?.get(index)?.image;
    const found =
      path === undefined ? await dataset.read(index) : await readImageHeader(path, dataset.imageReading);
    return { width: found.width, height: found.height };
  };
  return Promise.all(indices.map(sizeOf));
}
