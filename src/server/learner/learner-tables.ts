/** Opens what a learner reads: the features of the images that are asked about and learned from, and of those held back. */

import { type Config, datasetSection } from '../../config/index.js';
import { normalizationOf } from '../../config/internal.js';
import { checkDataset, openDataset, type SegmentationDataset } from '../../data/index.js';
import { ConfigError } from '../../errors/index.js';
import { type FeatureTable, featureViews, openFeatureTable } from '../../quick/index.js';
import { type FeatureMaps, HeadTrainer, openFeatureMaps, spreadSubset } from '../../quick/internal.js';
import type { ComponentSection } from '../../registry/index.js';

/** Says how far a learner is before its first question. */
interface LearnerProgress {
  readonly part: 'features' | 'held-back' | 'training';
  readonly done: number;
  readonly total: number;
}

/** Configures `openLearnerTables`. */
export interface OpenTablesOptions {
  /** Limits the images that are asked about and learned from, spread over the split; 400 by default. */
  readonly mostImages?: number;
  readonly onProgress?: (progress: LearnerProgress) => void;
  /** Receives lines about what was assumed or left out. */
  readonly onNotice?: (notice: string) => void;
}

/** Limits the images that score, and their memory in MiB: a score takes a part of a second. */
const mostHeldBack = 60;
const heldBackMemory = 48;
/** Limits the memory of the labeled pixels in MiB. */
const mostMemory = 512;
const usualImages = 400;

/** Holds what a learner reads, and owns it. */
export interface LearnerTables extends Disposable {
  readonly trainer: HeadTrainer;
  /** Holds the images that are asked about. */
  readonly files: SegmentationDataset;
  /** Gives the place of each of them by name. */
  readonly indexOf: ReadonlyMap<string, number>;
  /** Counts the images of the split. */
  readonly allImages: number;
  readonly maps: FeatureMaps;
  readonly training: FeatureTable;
  /** Holds images with exact labels that nothing learns from; null where there are none. */
  readonly heldBack: FeatureTable | null;
  readonly seed: number;
}

/** Opens the tables of a config; the caller disposes them. */
export async function openLearnerTables(
  config: Config,
  { mostImages = usualImages, onProgress = () => undefined, onNotice = () => undefined }: OpenTablesOptions,
): Promise<LearnerTables> {
  const { quick } = config;
  if (quick === null)
    throw new ConfigError('quick: questions need a config of quick training, received null');
  const section = datasetSection(config.data, 'train');
  const all = await openDataset(section);
  const files = spreadSubset(all, all.length > mostImages ? mostImages : null);
  if (files.length < all.length) {
    onNotice(`Asks about and learns from ${files.length} of the ${all.length} images, spread evenly.`);
  }
  const opened: Disposable[] = [];
  const keep = <Opened extends Disposable>(one: Opened): Opened => {
    opened.push(one);
    return one;
  };
  const close = () => {
    for (const one of opened.splice(0).reverse()) one[Symbol.dispose]();
  };
  try {
    const trainer = keep(new HeadTrainer(config, { classCount: all.classes.length, onNotice }));
    const { taps, patchSize } = trainer.reading;
    if (patchSize !== 1) {
      throw new ConfigError(
        `model.head: questions need a head that looks at single cells; expected a patch size of 1, received ${patchSize}`,
      );
    }
    const reading = {
      ...{ taps, backbone: trainer.backbone, diskMiB: quick.diskMiB },
      normalization: normalizationOf(config.data),
      baseSize: config.inference.baseSize,
      ...{ device: config.device, precision: config.precision, kernels: config.kernels },
      description: { ...config.model.backbone, weights: null },
    };
    const training = keep(
      await openFeatureTable({
        ...{ ...reading, section, dataset: files, keptWith: all, seed: config.seed },
        views: featureViews({ scales: quick.scales, flip: quick.flip }),
        deformation: config.data.augmentation.labelDeformation,
        memoryMiB: Math.min(quick.memoryMiB, mostMemory),
        onProgress: ({ done, total }) => onProgress({ part: 'features', done, total }),
        onNotice,
      }),
    );
    const held = await heldBackImages(config, onNotice);
    const heldBack =
      held &&
      keep(
        await openFeatureTable({
          ...{ ...reading, ...held, seed: config.seed },
          memoryMiB: Math.min(quick.memoryMiB, heldBackMemory),
          onProgress: ({ done, total }) => onProgress({ part: 'held-back', done, total }),
        }),
      );
    const maps = keep(await openFeatureMaps({ ...reading, dataset: files, keptWith: all }));
    const indexOf = new Map(Array.from({ length: files.length }, (_, index) => [files.name(index), index]));
    return {
      ...{ trainer, files, indexOf, maps, training, heldBack, seed: config.seed },
      allImages: all.length,
      [Symbol.dispose]: close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

interface HeldBackImages {
  readonly dataset: SegmentationDataset;
  readonly keptWith: SegmentationDataset;
  readonly section: ComponentSection;
}

/** Opens the images that score: those of the evaluation, unless they are those that are asked about. */
async function heldBackImages(
  config: Config,
  onNotice: (notice: string) => void,
): Promise<HeldBackImages | null> {
  const { train, evaluation } = config.data;
  if (train.split === evaluation.split) {
    onNotice(
      'Shows no held-back score: the split that is asked about and that of the evaluation are the same.',
    );
    return null;
  }
  const section = datasetSection(config.data, 'evaluation');
  const { problems, length } = await checkDataset(section);
  if (problems.length > 0 || length === 0) {
    onNotice(
      `Shows no held-back score: expected images with labels '${String(evaluation.labels)}' in split '${evaluation.split}'` +
        (problems.length > 0 ? `, and ${problems[0]}` : ', and there are none'),
    );
    return null;
  }
  const all = await openDataset(section);
  return {
    dataset: spreadSubset(all, all.length > mostHeldBack ? mostHeldBack : null),
    keptWith: all,
    section,
  };
}
