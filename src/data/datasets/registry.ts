/** Lists the kinds of dataset that a config can name, and opens and checks datasets by their section of a config. */

import { ConfigError } from '../../errors/index.js';
import { type ComponentSection, createComponent, Registry } from '../../registry/index.js';
import { parseImageReading } from '../images/image-reading.js';
import { ade20k } from './ade20k.js';
import { cityscapes } from './cityscapes.js';
import type { DatasetCheck, DatasetComponent, DatasetContext, SegmentationDataset } from './dataset.js';
import { folder } from './folder.js';

/** Holds the kinds of dataset that a config can name. */
export const datasets = new Registry<DatasetComponent>('dataset', [
  folder,
  cityscapes,
  ade20k,
] as DatasetComponent[]);

/**
 * Opens a dataset from `{ kind, ...options of that kind }`. The key `images`, which every kind has, says how image files are
 * read: `{ channels, range }`.
 *
 * @throws {ConfigError} for an unknown kind or wrong options
 * @throws {DataError} naming the file when the dataset cannot be used
 */
export function openDataset(
  { images, ...section }: ComponentSection,
  context: DatasetContext = {},
): Promise<SegmentationDataset> {
  const reading = images === undefined ? context.images : parseImageReading(images);
  return createComponent<DatasetContext, Promise<SegmentationDataset>>(
    datasets,
    section as ComponentSection,
    {
      ...context,
      images: reading,
    },
  );
}

/**
 * Finds what is wrong with a dataset: from headers and a few label files, or with `deep` by decoding every file.
 *
 * @throws {ConfigError} for an unknown kind or wrong options
 */
export function checkDataset(
  section: ComponentSection,
  { deep = false }: { readonly deep?: boolean } = {},
): Promise<DatasetCheck> {
  const { kind, images, ...given } = section;
  const component = datasets.get(kind);
  const parsed = component.options.safeParse(given);
  if (!parsed.success) throw new ConfigError(`dataset '${kind}': ${parsed.error.issues[0]?.message}`);
  return component.check(parsed.data, { deep, images: parseImageReading(images) });
}
