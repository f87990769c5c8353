/**
 * The `data` section: one dataset kind, a root, and the part of it that trains and the part that evaluates, which may
 * use different labels (train on coarse ones, evaluate on fine ones). The options of a part belong to the dataset kind.
 */

import { z } from 'zod';
import { augmentationOptions } from '../data/index.js';
import type { ComponentSection, Kinds } from '../registry/index.js';
import { optionsOf, parseOptions } from './component-section.js';

/** Which part of a dataset, and which of its labels: for a folder dataset `labels` names a directory. */
export interface DatasetPart {
  readonly split: string;
  readonly labels: string;
  readonly [option: string]: unknown;
}

/** Below 32 pixels a network of output stride 16 sees a 1×1 map. */
const smallestCrop = 32;

const augmentationSchema = augmentationOptions.refine(
  ({ cropSize }) => Math.min(...cropSize) >= smallestCrop,
  { path: ['cropSize'], error: `expected [height, width] of at least ${smallestCrop} pixels each` },
);

const partSchema = z.looseObject({ split: z.string().min(1), labels: z.string().min(1) });

/** The schema of `data` over these dataset kinds. */
export function dataSection(datasets: Kinds) {
  const section = z.strictObject({
    kind: z.string().default('folder'),
    root: z.string({ error: 'expected the folder of the dataset (--data ROOT, or data.root)' }).min(1),
    train: partSchema.partial().prefault({}),
    evaluation: partSchema.partial().prefault({}),
    augmentation: augmentationSchema.prefault({}),
    /** Threads that decode and transform images ahead of the training step; the batches never depend on it. */
    workers: z.int().min(0).max(64).default(2),
    /** Memory for decoded images, in MiB. */
    cacheMiB: z.int().min(0).default(512),
  });
  return section.transform((data, context) => {
    const options = optionsOf(datasets, data.kind, context);
    if (options === undefined) return z.NEVER;
    const part = (name: 'train' | 'evaluation', defaults: DatasetPart): DatasetPart | undefined => {
      const place = (path: PropertyKey[]) => (path[0] === 'root' ? path : [name, ...path]);
      const given = { root: data.root, ...defaults, ...data[name] };
      const parsed = parseOptions(options, given, context, place);
      if (parsed === undefined) return undefined;
      const { root: _, ...rest } = parsed;
      return rest as unknown as DatasetPart;
    };
    const train = part('train', { split: 'train', labels: 'labels' });
    const evaluation = part('evaluation', { split: 'val', labels: 'labels' });
    return train === undefined || evaluation === undefined ? z.NEVER : { ...data, train, evaluation };
  });
}

/** The dataset of a part as a component section, to be created by the registry of datasets. */
export function datasetSection(
  data: {
    readonly kind: string;
    readonly root: string;
    readonly train: DatasetPart;
    readonly evaluation: DatasetPart;
  },
  part: 'train' | 'evaluation',
): ComponentSection {
  return { kind: data.kind, root: data.root, ...data[part] };
}
