/** Opens the exact labels by which an audit is judged, or by which a person's decisions are simulated. */

import {
  alignClasses,
  type DatasetClass,
  datasets,
  openDataset,
  type SegmentationDataset,
  type Size,
} from '../../data/index.js';
import { ConfigError, DataError } from '../../errors/index.js';
import { counted } from '../../format/index.js';
import type { ComponentSection } from '../../registry/index.js';
import { keysOf } from '../../registry/internal.js';

/** Gives the exact labels of the images of a dataset. */
export interface ExactLabels {
  /** Names the labels. */
  readonly labels: string;
  /** Counts the images of the dataset that have such labels. */
  readonly images: number;
  /**
   * Returns the exact labels [height, width] of an image, by its name in the dataset, in the order of the classes that were asked
   * for; null where it has none.
   *
   * @throws {DataError} naming the file when it cannot be read or has another size
   */
  read(name: string, size: Size): Promise<Uint8Array | null>;
}

/** Configures `openExactLabels`. */
export interface ExactLabelsOptions {
  /** Names the dataset with the labels that were audited. */
  readonly section: ComponentSection;
  /** Names the exact labels. */
  readonly labels: string;
  /** Gives the order of the classes. */
  readonly classes: readonly Pick<DatasetClass, 'name'>[];
}

/**
 * Opens exact labels.
 *
 * @param files the dataset that was audited, opened from `section`
 * @throws {ConfigError} when the exact labels are the audited ones
 * @throws {DataError} when no image has exact labels
 */
export async function openExactLabels(
  files: Pick<SegmentationDataset, 'name' | 'length'>,
  { section, labels, classes }: ExactLabelsOptions,
): Promise<ExactLabels> {
  if (labels === section.labels) {
    throw new ConfigError(
      `exact labels '${labels}': are the labels that are audited; name others of the same images, such as fine`,
    );
  }
  const isSkipping = keysOf(datasets.get(section.kind).options, []).includes('missingLabels');
  const opened = await openDataset({ ...section, labels, ...(isSkipping && { missingLabels: 'skip' }) });
  const network = { label: 'the audit', classCount: classes.length, classes };
  const exact = alignClasses(opened, { network });
  const places = new Map(Array.from({ length: exact.length }, (_, index) => [exact.name(index), index]));
  let images = 0;
  for (let index = 0; index < files.length; index++) if (places.has(files.name(index))) images++;
  if (images === 0) {
    throw new DataError(
      `${section.root}: no image with ${section.labels} labels in ${section.split} has '${labels}' labels too; ` +
        `expected them for some of ${counted(files.length, 'image')}`,
    );
  }
  return {
    ...{ labels, images },
    async read(name, { width, height }) {
      const place = places.get(name);
      if (place === undefined) return null;
      const map = (await exact.readLabels?.(place)) ?? (await exact.read(place));
      if (map.labels === null) return null;
      if (map.width === width && map.height === height) return map.labels;
      throw new DataError(
        `${name}: labels '${labels}' have ${map.width}×${map.height} pixels, those that are audited ${width}×${height}; expected equal sizes`,
      );
    },
  };
}
