/** Opens and checks datasets by their description. */

import { ConfigError } from '../../errors/index.js';
import { createComponent, Registry } from '../../registry/index.js';
import { ade20k } from './ade20k/dataset.js';
import { cityscapes } from './cityscapes/dataset.js';
import type {
  DatasetCheck,
  DatasetComponent,
  DatasetContext,
  DatasetDescription,
  SegmentationDataset,
} from './dataset.js';
import { folder } from './folder-dataset.js';

/** Holds the kinds of dataset that a config can name. */
export const datasets = new Registry<DatasetComponent>('dataset', [
  folder,
  cityscapes,
  ade20k,
] as DatasetComponent[]);

/** Opens the dataset that a description names. Throws a ConfigError for bad options, a DataError for bad files. */
export function openDataset(
  description: DatasetDescription,
  context: DatasetContext = {},
): Promise<SegmentationDataset> {
  return createComponent<DatasetContext, Promise<SegmentationDataset>>(datasets, description, context);
}

/** Finds what is wrong with a dataset: by headers and a few label files, or with `deep` by decoding every file. */
export function checkDataset(
  description: DatasetDescription,
  { deep = false }: { readonly deep?: boolean } = {},
): Promise<DatasetCheck> {
  const { kind, ...given } = description;
  const component = datasets.get(kind);
  const parsed = component.options.safeParse(given);
  if (!parsed.success) throw new ConfigError(`dataset '${kind}': ${parsed.error.issues[0]?.message}`);
  return component.check(parsed.data, { deep });
}
