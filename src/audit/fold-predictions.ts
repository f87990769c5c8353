/**
 * Predicts every image by heads that did not learn from it: the images are divided into folds, and for each fold a head
 * learns from the images of the others. The frozen network's features, which all heads read, are computed once.
 */

import type { Config } from '../config/index.js';
import { normalizationOf } from '../config/internal.js';
import { ConfigError, DataError } from '../errors/index.js';
import { counted } from '../format/index.js';
import { checkHeadTraining, HeadTrainer, headLikelihoods, openFeatureMaps } from '../quick/internal.js';
import { candidateCenters } from '../suggest/internal.js';
import { scope } from '../torch/index.js';
import { auditGrid } from './audit-grid.js';
import { type FoldHeadsOptions, learnFoldHeads } from './fold-heads.js';
import { withoutUnjudged } from './judged-labels.js';
import type { AuditPredictions } from './predictions.js';
import { weightsOf } from './weight-curve.js';

/** Configures `openFoldPredictions`. */
export type FoldPredictionsOptions = Omit<FoldHeadsOptions, 'trainer'>;

/**
 * Trains the heads of all folds, or reads those that were kept; the caller disposes the result. It is null when `shouldStop`
 * ended the trainings.
 *
 * @throws {ConfigError} when the config is not one of quick training of single cells
 * @throws {DataError} naming the file when an image cannot be used, and when fewer than two images have labels
 */
export async function openFoldPredictions(
  config: Config,
  options: FoldPredictionsOptions,
): Promise<AuditPredictions | null> {
  const { files, section, folds, seeds, onEvent } = options;
  checkHeadTraining(config, { user: 'an audit', trusted: 'learns from the audited labels alone' });
  if (files.length < 2) {
    throw new DataError(
      `${section.root}: ${counted(files.length, 'image')} with ${section.labels} labels in ${section.split}; an audit learns ` +
        'from other images, and needs at least 2',
    );
  }
  const onNotice = (message: string) => onEvent({ type: 'notice', message });
  const owned: Disposable[] = [];
  const dispose = () => {
    for (const one of owned.splice(0).reverse()) one[Symbol.dispose]();
  };
  try {
    const trainer = new HeadTrainer(config, { classCount: files.classes.length, onNotice });
    owned.push(trainer);
    if (trainer.reading.patchSize !== 1) {
      throw new ConfigError(
        'model.head: an audit reads the features of single cells; expected a head of patch size 1, such as hypercolumn, ' +
          `received ${config.model.head.kind}`,
      );
    }
    const trained = await learnFoldHeads(config, { ...options, trainer });
    if (trained === null) {
      dispose();
      return null;
    }
    const { heads, learned } = trained;
    owned.push(heads);
    const maps = await openFeatureMaps({
      backbone: trainer.backbone,
      dataset: files,
      taps: trainer.reading.taps,
      normalization: normalizationOf(config.data),
      description: { ...config.model.backbone, weights: null },
      diskMiB: config.quick?.diskMiB ?? 0,
      baseSize: config.inference.baseSize,
      device: config.device,
      precision: config.precision,
      kernels: config.kernels,
      onNotice,
    });
    owned.push(maps);
    const { classes } = files;
    const classCount = classes.length;
    const all = heads.heads.map((_, fold) => fold);
    return {
      ...{ files, classes, knowledge: learned.knowledge },
      assumptions: [
        `Each image is judged by ${seeds === 1 ? 'a head' : `${seeds} heads`} on frozen ${config.model.backbone.kind} features ` +
          `that learned from the labels of other images alone, in ${all.length} folds of images that follow one another by name.`,
        ...(all.length < folds
          ? [`There are fewer images than the ${folds} folds that were asked for.`]
          : []),
      ],
      async read(index) {
        const { image, labels, width, height } = await files.read(index);
        const grid = auditGrid({ width, height });
        using found = await maps.read(index);
        using _work = scope();
        const stacked = found.rows(candidateCenters(grid)).to({ dtype: 'float32' });
        const fold = heads.folds.foldOf[index] as number;
        const familiar = all.filter((other) => heads.folds.learnsFrom(other, index));
        const classify = (wanted: readonly number[]) =>
          heads.likelihoods(wanted, (head) => headLikelihoods(head, stacked));
        const likelihoods = classify([fold]);
        return {
          ...{ image, width, height, grid, classCount, likelihoods, knowledge: learned.knowledge },
          inSample: familiar.length === 0 ? null : classify(familiar),
          weights: weightsOf(learned.curve, { likelihoods, classCount }),
          ...withoutUnjudged(labels, {
            size: { width, height },
            isKnown: (label) => learned.learnedBy[fold * classCount + label] === 1,
          }),
        };
      },
      [Symbol.dispose]: dispose,
    };
  } catch (error) {
    dispose();
    throw error;
  }
}
