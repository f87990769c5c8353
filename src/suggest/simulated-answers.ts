/** Answers questions as an annotator would who knows the exact labels, so that strategies can be compared. */

import { openDataset, type SegmentationDataset, type Size } from '../data/index.js';
import { DataError } from '../errors/index.js';
import type { ComponentSection } from '../registry/index.js';

/** Gives the exact labels of images by the index of the image in the dataset that is asked about. */
export interface SimulatedAnswers {
  /** Names the labels. */
  readonly labels: string;
  /**
   * Reads the labels of an image, [height, width], with classes in the order of the dataset.
   *
   * @throws {DataError} naming the file when it cannot be used
   */
  read(index: number, size: Size): Promise<Uint8Array>;
}

/**
 * Opens the labels that answer.
 *
 * @param images is the dataset that is asked about, opened from `dataset`
 * @throws {DataError} when an image has no such labels
 */
export async function openAnswers(
  images: SegmentationDataset,
  { dataset, labels }: { readonly dataset: ComponentSection; readonly labels: string },
): Promise<SimulatedAnswers> {
  const answers = await openDataset({ ...dataset, labels });
  const indices = new Map(
    Array.from({ length: answers.length }, (_, index) => [answers.name(index), index] as const),
  );
  for (let index = 0; index < images.length; index++) {
    const name = images.name(index);
    if (indices.has(name)) continue;
    throw new DataError(
      `${name}: has no labels '${labels}' to answer with; expected them for every image of split ${String(dataset.split)}`,
    );
  }
  return {
    labels,
    async read(index, { width, height }) {
      const name = images.name(index);
      const place = indices.get(name) as number;
      const map = (await answers.readLabels?.(place)) ?? (await answers.read(place));
      if (map.labels === null) throw new DataError(`${name}: has no labels '${labels}' to answer with`);
      if (map.width === width && map.height === height) return map.labels;
      throw new DataError(
        `${name}: labels '${labels}' have ${map.width}×${map.height} pixels, the image has ${width}×${height}; expected equal sizes`,
      );
    },
  };
}
