/**
 * Finds which labels a dataset has, and so which curves can be measured: the training labels that a config names, and fine
 * labels, for points and fine images, of the training images themselves or else of half of the evaluation's images.
 */

import type { Config } from '../config/index.js';
import { datasetSection } from '../config/index.js';
import { checkDataset, datasets, openDataset, type SegmentationDataset } from '../data/index.js';
import { ConfigError, DataError } from '../errors/index.js';
import { counted } from '../format/index.js';
import type { ComponentSection } from '../registry/index.js';
import { keysOf } from '../registry/internal.js';

/** Holds a dataset with some of its images. */
export interface LabelSource {
  readonly dataset: SegmentationDataset;
  /** Names the section that the dataset was opened from. */
  readonly section: ComponentSection;
  /** Lists the images that are used, by their index in the dataset. */
  readonly images: readonly number[];
}

/** Holds the labels that a plan measures with. */
export interface LabelSources {
  /** Holds the training images with the labels of the config. */
  readonly training: LabelSource;
  /** Names those labels: `coarse`, or `fine` where the evaluation has the same. */
  readonly trainingKind: 'coarse' | 'fine';
  /** Holds fine labels for points and fine images; null where there are none. */
  readonly fine: LabelSource | null;
  /** Says whether the fine labels are those of the training images. */
  readonly fineOfTraining: boolean;
  /** Holds the images that score. */
  readonly evaluation: LabelSource;
  /** Has a sentence for each thing that was assumed or left out. */
  readonly assumptions: readonly string[];
}

/** Counts the training images, or those with fine labels, that a curve needs at least. */
const leastImages = 8;
/** Counts the images of an evaluation from which on half of them can be spared. */
const leastSplit = 16;

/**
 * Opens the datasets of a config and decides which labels are used for what.
 *
 * @throws {ConfigError} when the same images train and score
 * @throws {DataError} when the dataset cannot be used, or has too few training images
 */
export async function findLabelSources(config: Config): Promise<LabelSources> {
  if (config.data.train.split === config.data.evaluation.split) {
    throw new ConfigError(
      `data.evaluation.split: ${config.data.evaluation.split} is the training split too; a curve needs images of its own to score on`,
    );
  }
  const section = datasetSection(config.data, 'train');
  const training = await openSource(section);
  if (training.images.length < leastImages) {
    throw new DataError(
      `${config.data.root}: ${counted(training.images.length, 'training image')} with ${config.data.train.labels} labels; ` +
        `a learning curve needs at least ${leastImages}`,
    );
  }
  const evaluationSection = datasetSection(config.data, 'evaluation');
  const evaluation = await openSource(evaluationSection);
  checkClasses(training.dataset, evaluation.dataset);
  const [coarseLabels, fineLabels] = [config.data.train.labels, config.data.evaluation.labels];
  if (coarseLabels === fineLabels) {
    return {
      ...{ training, evaluation, fine: null, fineOfTraining: false },
      trainingKind: 'fine',
      assumptions: [
        `The training labels and those of the evaluation are both ${fineLabels}, so only more images with ${fineLabels} ` +
          'labels can be planned, at the cost of a fine image; for another kind, name its folder: --set data.train.labels=FOLDER.',
      ],
    };
  }
  const fine = await fineOfTrainingImages({ ...section, labels: fineLabels });
  if (fine === null) return withoutFineLabels({ training, evaluation, labels: fineLabels });
  return {
    ...{ training, evaluation, fine, fineOfTraining: true },
    trainingKind: 'coarse',
    assumptions: [
      `Points and fine images are taken from the ${fineLabels} labels of ` +
        (fine.images.length < training.images.length
          ? `the ${fine.images.length} of ${counted(training.images.length, 'training image')} that have some.`
          : `the ${counted(fine.images.length, 'training image')}.`),
    ],
  };
}

/** Returns the training images that have fine labels; null where they are too few. */
async function fineOfTrainingImages(section: ComponentSection): Promise<LabelSource | null> {
  const { options } = datasets.get(section.kind);
  const skipping = keysOf(options, []).includes('missingLabels') ? { missingLabels: 'skip' } : {};
  const some = { ...section, ...skipping };
  const { problems, length } = await checkDataset(some);
  return problems.length > 0 || length < leastImages ? null : openSource(some);
}

/** Takes every second image of the evaluation for points and fine images, where enough are left to score. */
function withoutFineLabels({
  training,
  evaluation,
  labels,
}: Pick<LabelSources, 'training' | 'evaluation'> & { readonly labels: string }): LabelSources {
  const given = { training, trainingKind: 'coarse', fineOfTraining: false } as const;
  const { images } = evaluation;
  if (images.length < leastSplit) {
    return {
      ...{ ...given, fine: null, evaluation },
      assumptions: [
        `Fewer than ${leastImages} training images have ${labels} labels, and ${counted(images.length, 'evaluation image')} are too few to ` +
          `split (at least ${leastSplit}): the curves of points and fine images are left out.`,
      ],
    };
  }
  const part = (rest: number) => ({ ...evaluation, images: images.filter((_, place) => place % 2 === rest) });
  const [fine, scored] = [part(1), part(0)];
  return {
    ...{ ...given, fine, evaluation: scored },
    assumptions: [
      `Fewer than ${leastImages} training images have ${labels} labels. Every second image of the evaluation (${fine.images.length}) gives ` +
        `points and fine images instead, and only the other ${scored.images.length} score: points lie on fewer images than ` +
        'they would, and bring less than on all training images.',
    ],
  };
}

async function openSource(section: ComponentSection): Promise<LabelSource> {
  const dataset = await openDataset(section);
  return { dataset, section, images: Array.from({ length: dataset.length }, (_, index) => index) };
}

function checkClasses(training: SegmentationDataset, evaluation: SegmentationDataset): void {
  const names = ({ classes }: SegmentationDataset) => classes.map(({ name }) => name).join(', ');
  if (names(training) === names(evaluation)) return;
  throw new DataError(
    `the training images have the classes ${names(training)}, those of the evaluation ${names(evaluation)}; expected the same`,
  );
}
