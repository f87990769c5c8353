/**
 * Validates the `data` section: one kind of dataset, its root, the part that trains and the part that evaluates, which may
 * use different labels (train on coarse ones, evaluate on fine ones). The options of a part belong to the kind. An option
 * that stands in `data` itself, such as `labelSuffix`, counts for every part that does not set it.
 */

import { z } from 'zod';
import {
  augmentationOptions,
  type ImageReading,
  imageNetNormalization,
  type Normalization,
} from '../data/index.js';
import {
  channelsOption,
  exifOption,
  normalizationOptions,
  rangeOption,
  rangeProblem,
  unknownPointSplit,
} from '../data/internal.js';
import { ConfigError } from '../errors/index.js';
import type { ComponentSection, Kinds } from '../registry/index.js';
import { keysOf, optionsOf, parseSectionOptions, unknownKeyIssue } from '../registry/internal.js';
import { keyTraits } from './key-traits.js';

/** Names a part of a dataset and its labels; for a folder dataset `labels` is a folder. */
export interface DatasetPart {
  readonly split: string;
  readonly labels: string;
  readonly [option: string]: unknown;
}

/** Names a small part whose labels can be trusted, for reweighters that learn from it. */
export interface CleanPart extends DatasetPart {
  /** Limits the images of the part, spread evenly; null takes all. */
  readonly count: number | null;
  /** Gives the share of the objective that these labels have; at 0 only reweighters read them. */
  readonly share: number;
}

/** Names a part of the dataset that a config describes. */
export type DatasetPartName = 'train' | 'evaluation' | 'clean';

/** Below 32 pixels, the maps of a network of output stride 16 have a single pixel. */
const smallestCrop = 32;

const augmentationSchema = augmentationOptions.refine(
  ({ cropSize }) => Math.min(...cropSize) >= smallestCrop,
  { path: ['cropSize'], error: `expected [height, width] of at least ${smallestCrop} pixels each` },
);

const partSchema = z.looseObject({
  split: z.string().min(1).describe('Split of the dataset, or several joined by `+`.'),
  labels: z.string().min(1).describe('Which labels: a folder, or `fine` or `coarse` of Cityscapes.'),
});

const cleanSchema = partSchema.partial().extend({
  count: z
    .int()
    .positive()
    .nullable()
    .default(null)
    .describe('Takes only this many of its images, spread evenly; `null` takes all.'),
  share: z
    .number()
    .min(0)
    .lt(1)
    .default(0)
    .describe(
      'Share of the objective that these labels have beside the others, and of the crops or, in quick mode, pixels of a ' +
        'batch. With 0 only reweighters that learn from clean labels read them.',
    ),
});

const pointsSchema = z.strictObject({
  split: z
    .string()
    .min(1)
    .optional()
    .describe('Split whose points are read, of those that are trained on; all of them by default.'),
  labels: z
    .string()
    .min(1)
    .default('points')
    .describe(
      'Folder of points beside `images`: `LABELS/SPLIT/NAME.json`, or a label PNG that is 255 elsewhere.',
    ),
  share: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.3)
    .describe(
      'Share of the objective that points have beside the other labels; in quick mode also of the pixels of a batch.',
    ),
  radius: z
    .number()
    .min(0)
    .max(50)
    .default(0)
    .describe('Distance in pixels up to which the pixels around a point have its class.'),
});

/** Lists the options of a kind that say which part is meant, so that they cannot count for all parts. */
const partKeys: readonly string[] = ['split', 'labels'];

/** Holds the keys that every kind of dataset has; any other key of the section is an option of the kind. */
const section = z.looseObject({
  kind: z.string().default('folder').describe('Kind of dataset, which says how its files are laid out.'),
  root: z
    .string({ error: 'expected the folder of the dataset (--data ROOT, or data.root)' })
    .min(1)
    .describe('Folder of the dataset.')
    .register(keyTraits, { perProcess: true }),
  train: partSchema
    .partial()
    .prefault({})
    .describe('The part that trains; further keys are options of the dataset kind.'),
  evaluation: partSchema
    .partial()
    .prefault({})
    .describe('The part that evaluates; further keys are options of the dataset kind.'),
  clean: cleanSchema
    .nullable()
    .default(null)
    .describe(
      'Labels that can be trusted, of some images: with a `share` the network learns from them too, and reweighters that ' +
        'learn from clean labels (`meta-weight-net`) read them.',
    ),
  points: pointsSchema
    .nullable()
    .default(null)
    .describe('Single pixels of training images with the class that a person gave them. `null` reads none.'),
  channels: channelsOption.describe(
    'Channels of the images: 3 for colors, 1 for gray, and more where others lie behind the colors, as depth or ' +
      'infrared in a PNG with alpha or a TIFF.',
  ),
  imageRange: rangeOption.describe(
    'Values that are black and white in images of more than 8 bits: `[low, high]`, or one such range for each ' +
      'channel. `null` takes the whole range of 16 bits, and refuses images that use little of it.',
  ),
  exif: exifOption.describe(
    '`apply` turns an image as its EXIF orientation says, for labels drawn on the picture as viewers show it; `ignore` ' +
      'leaves the pixels as stored, for labels drawn on those.',
  ),
  normalization: normalizationOptions
    .nullable()
    .default(null)
    .describe(
      "What is subtracted from each channel, and by what the rest is divided. `null` takes ImageNet's numbers for " +
        'red, green and blue; `coarsely check` measures those of a dataset.',
    ),
  sampling: z
    .enum(['uniform', 'classBalanced'])
    .default('uniform')
    .describe(
      'Which crops train: `uniform` takes every image once in a pass; `classBalanced` draws half of the crops ' +
        'around places of classes, each class equally often, so that rare classes are seen.',
    ),
  augmentation: augmentationSchema.prefault({}).describe('Random changes of training images.'),
  workers: z
    .int()
    .min(0)
    .max(64)
    .default(2)
    .describe(
      'Threads that decode and transform images ahead of the training step. The batches do not ' +
        'depend on it.',
    )
    .register(keyTraits, { affectsResults: false, perProcess: true }),
  cacheMiB: z
    .int()
    .min(0)
    .default(512)
    .describe('Memory for decoded images, in MiB.')
    .register(keyTraits, { affectsResults: false, perProcess: true }),
});

/** Returns the options of the dataset kind that stand in `data` itself. */
function sharedOptions(data: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(data).filter(([key]) => !Object.hasOwn(section.shape, key)));
}

/** Returns the schema of `data` over these kinds of dataset. */
export function dataSection(datasets: Kinds) {
  return section.superRefine(checkChannels).transform((data, context) => {
    const options = optionsOf(datasets, data.kind, context);
    if (options === undefined) return z.NEVER;
    const shared = sharedOptions(data);
    if (!acceptsShared(shared, { options, context })) return z.NEVER;
    // An option that no part sets is written once, beside the parts, where changing it changes all of them.
    const common: Record<string, unknown> = {};
    const part = (name: DatasetPartName, given: Partial<DatasetPart>): DatasetPart | undefined => {
      const placeOf = (path: PropertyKey[]) => (path[0] === 'root' ? path : [name, ...path]);
      const parsed = parseSectionOptions(
        options,
        { root: data.root, ...shared, ...given },
        { context, placeOf },
      );
      if (parsed === undefined) return undefined;
      const own: Record<string, unknown> = {};
      for (const [key, value] of Object.entries(parsed)) {
        if (partKeys.includes(key) || Object.hasOwn(given, key)) own[key] = value;
        else if (key !== 'root') common[key] = value;
      }
      return own as unknown as DatasetPart;
    };
    const cleanPart = (): CleanPart | null | undefined => {
      if (data.clean === null) return null;
      const { count, share, ...given } = data.clean;
      // Clean labels are mostly those of a few images.
      const skips = keysOf(options, []).includes('missingLabels') && { missingLabels: 'skip' };
      const parsed = part('clean', { split: 'train', ...skips, ...given });
      return parsed && { ...parsed, count, share };
    };
    const train = part('train', { split: 'train', ...data.train });
    const evaluation = part('evaluation', { split: 'val', ...data.evaluation });
    const clean = cleanPart();
    if (train === undefined || evaluation === undefined || clean === undefined) return z.NEVER;
    const points = data.points && { ...data.points, split: data.points.split ?? train.split };
    const otherSplit = points && unknownPointSplit(points.split, train.split);
    if (otherSplit !== null) {
      context.addIssue({ code: 'custom', path: ['points', 'split'], message: otherSplit });
      return z.NEVER;
    }
    return { ...data, ...common, train, evaluation, clean, points };
  });
}

/** Checks that ranges and normalization have the number of channels. */
function checkChannels(
  {
    channels,
    imageRange,
    normalization,
  }: {
    readonly channels: number;
    readonly imageRange: z.output<typeof rangeOption>;
    readonly normalization: Normalization | null;
  },
  context: z.core.$RefinementCtx,
): void {
  const ranges = rangeProblem({ channels, range: imageRange });
  if (ranges !== null) context.addIssue({ code: 'custom', path: ['imageRange'], message: ranges });
  const given = (normalization ?? imageNetNormalization).mean.length;
  if (given === channels) return;
  const message =
    normalization === null
      ? `expected mean and std of ${channels} channels; coarsely check DATASET --set data.channels=${channels} measures them`
      : `expected mean and std of ${channels} channels, as data.channels says, received ${given}`;
  context.addIssue({ code: 'custom', path: ['normalization'], message });
}

/** Returns the normalization of a dataset's images: that of the config, or ImageNet's. */
export function normalizationOf({
  normalization,
}: {
  readonly normalization: Normalization | null;
}): Normalization {
  return normalization ?? imageNetNormalization;
}

/** Says how the images of a dataset are read. */
export function imageReadingOf({ channels = 3, imageRange = null, exif = 'apply' }: ImageKeys): ImageReading {
  return { channels, range: imageRange, exif };
}

/** Says how images are read where it differs from 8-bit colors. */
function imagesKey(keys: ImageKeys): { readonly images?: ImageReading } {
  const { channels, range, exif } = imageReadingOf(keys);
  return channels === 3 && range === null && exif === 'apply' ? {} : { images: { channels, range, exif } };
}

interface ImageKeys {
  readonly channels?: number;
  readonly imageRange?: ImageReading['range'];
  readonly exif?: ImageReading['exif'];
}

/**
 * Reports every shared option that the kind of dataset does not have, that belongs into a part, or whose value it rejects.
 * Returns whether there is none.
 */
function acceptsShared(
  shared: Readonly<Record<string, unknown>>,
  { options, context }: { readonly options: z.ZodType; readonly context: z.RefinementCtx },
): boolean {
  const known = keysOf(options, []).filter((key) => key !== 'root' && !partKeys.includes(key));
  const unknown = Object.keys(shared).filter((key) => !known.includes(key));
  const candidates = [...Object.keys(section.shape), ...known];
  for (const key of unknown) context.issues.push(unknownKeyIssue([key], candidates));
  if (unknown.length > 0) return false;
  const issues = options.safeParse(shared, { reportInput: true }).error?.issues ?? [];
  const own = issues.filter(({ path }) => path[0] !== undefined && Object.hasOwn(shared, path[0]));
  for (const issue of own) context.issues.push({ ...issue, input: issue.input } as z.core.$ZodRawIssue);
  return own.length === 0;
}

/**
 * Returns a part of the `data` section as a component section, from which the registry of datasets creates the dataset.
 * @throws {ConfigError} when the clean part is asked for and there is none
 */
export function datasetSection(
  data: ImageKeys & {
    readonly kind: string;
    readonly root: string;
    readonly train: DatasetPart;
    readonly evaluation: DatasetPart;
    readonly clean?: CleanPart | null;
    readonly [option: string]: unknown;
  },
  part: DatasetPartName,
): ComponentSection {
  const { kind, root } = data;
  const images = imagesKey(data);
  const shared = sharedOptions(data);
  if (part !== 'clean') return { kind, root, ...shared, ...data[part], ...images };
  if (!data.clean) throw new ConfigError('data.clean: expected a split and its labels, received null');
  const { count: _, share: __, ...options } = data.clean;
  return { kind, root, ...shared, ...options, ...images };
}
