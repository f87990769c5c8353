/** Plans labeling: measures learning curves in quick mode, fits them, and says what the next hours would bring. */

import { createHash } from 'node:crypto';
import type { Config } from '../config/index.js';
import { sampleStamps } from '../data/internal.js';
import { DataError, OperationError } from '../errors/index.js';
import { counted, formatPercent } from '../format/index.js';
import { checkHeadTraining, HeadTrainer } from '../quick/internal.js';
import { openCurveTables, type TableName } from './curve-tables.js';
import { type FitCurveOptions, fitCurve, leastCounts } from './fit-curve.js';
import { costText, defaultCosts, type LabelCosts } from './label-costs.js';
import { findLabelSources, type LabelSources } from './label-sources.js';
import { curveNames, type LearningCurve } from './learning-curve.js';
import {
  designCurves,
  type MeasureEvent,
  measureCurves,
  measuredCurves,
  trustedShare,
} from './measure-curves.js';
import { MeasurementStore } from './measurement-store.js';
import type { LabelingPlan } from './plan.js';
import { recommend } from './recommend.js';
import { checkSecondHalf } from './second-half.js';

/** Reports how far a plan has come. */
export type PlanEvent =
  | MeasureEvent
  | { readonly type: 'features'; readonly table: TableName; readonly done: number; readonly total: number }
  | { readonly type: 'notice'; readonly message: string };

/** Configures `planLabeling`. */
export interface PlanLabelingOptions {
  /** Gives the seconds that labels cost; by default 7 minutes, 90 minutes and 2 seconds. */
  readonly costs?: LabelCosts;
  /** Is the number of hours that are planned; 10 by default. */
  readonly hours?: number;
  /** Counts the seeds, each with subsets of its own; 3 by default. */
  readonly seeds?: number;
  /** Names the folder that keeps finished scores; null, the default, keeps none. */
  readonly folder?: string | null;
  readonly onEvent?: (event: PlanEvent) => void;
  /** Is asked between two trainings; true ends the plan. */
  readonly shouldStop?: () => boolean;
}

/** Gives the parts of the asked hours that the table lists beside them. */
const otherParts = [0.1, 0.2, 0.5, 2, 5];

/**
 * Measures learning curves over nested subsets of a dataset's labels and returns the plan, or null when `shouldStop` ended it.
 * ImageNet weights that the config names must have been fetched.
 *
 * @param config a config of quick training, such as the recipe `quick` with the folder of the dataset
 * @throws {ConfigError} when the config cannot be planned with, or the folder has scores of other settings or data
 * @throws {DataError} when the dataset cannot be used, or has too few images
 * @throws {OperationError} when hours or seeds are out of range
 */
export async function planLabeling(
  config: Config,
  options: PlanLabelingOptions = {},
): Promise<LabelingPlan | null> {
  const { costs = defaultCosts, hours = 10, seeds = 3, folder = null } = options;
  const { onEvent = () => undefined, shouldStop = () => false } = options;
  if (!(hours > 0 && Number.isFinite(hours)))
    throw new OperationError(`planLabeling: expected hours above 0, received ${hours}`);
  if (!(Number.isInteger(seeds) && seeds > 0))
    throw new OperationError(`planLabeling: expected at least 1 seed, received ${seeds}`);
  checkHeadTraining(config, {
    user: 'a plan',
    trusted: 'varies trusted labels itself, from those of the evaluation',
  });
  const sources = await findLabelSources(config);
  const store = new MeasurementStore(folder, await settingsOf(config, sources));
  const assumptions = [...sources.assumptions, ...assumptionsOf(config, { sources, costs, seeds })];
  const planned = { data: config.data.root, costs, hours, seeds, assumptions };
  const designsFor = (mostPoints: number) => designCurves(sources, { costs, hours, mostPoints });
  // Where all scores are there, the question is answered without opening any image.
  const known =
    store.mostPoints === null ? null : measuredCurves(designsFor(store.mostPoints), { store, seeds });
  if (known !== null) return planOf(known, planned);
  const onNotice = (message: string) => onEvent({ type: 'notice', message });
  using trainer = new HeadTrainer(config, { classCount: sources.training.dataset.classes.length, onNotice });
  using tables = await openCurveTables(sources, {
    ...{ config, backbone: trainer.backbone, head: trainer.reading, onNotice },
    onProgress: (table, { done, total }) => onEvent({ type: 'features', table, done, total }),
  });
  store.setMostPoints(tables.mostPoints);
  const designs = designsFor(tables.mostPoints);
  await measureCurves(designs, { ...{ tables, trainer, sources, store, seeds, onEvent, shouldStop } });
  const measured = measuredCurves(designs, { store, seeds });
  return measured && planOf(measured, planned);
}

/**
 * Returns the plan that measured curves lead to.
 *
 * @throws {DataError} when no curve has enough counts to be fitted
 */
export function planOf(
  measured: readonly LearningCurve[],
  given: Pick<LabelingPlan, 'data' | 'costs' | 'hours' | 'seeds' | 'assumptions'>,
  fitting: FitCurveOptions = {},
): LabelingPlan {
  const { hours } = given;
  const isLong = ({ measurements }: LearningCurve) => measurements.length >= leastCounts;
  const [fittable, unfitted] = [measured.filter(isLong), measured.filter((curve) => !isLong(curve))];
  if (fittable.length === 0) {
    throw new DataError(
      `${given.data}: no curve has ${leastCounts} counts to be fitted; more images are needed`,
    );
  }
  const curves = fittable.map((curve) => fitCurve(curve, fitting));
  const left = unfitted.map(
    ({ kind, measurements }) =>
      `The curve of ${curveNames[kind].title} has only ${counted(measurements.length, 'count')} and is not fitted.`,
  );
  return {
    ...given,
    images: measured[0]?.today ?? 0,
    curves,
    unfitted,
    recommendation: recommend(curves, hours),
    otherHours: otherParts.map((part) => recommend(curves, Number((part * hours).toPrecision(3)))),
    checks: fittable.flatMap((curve) => checkSecondHalf(curve, fitting)),
    assumptions: [...given.assumptions, ...left],
  };
}

/** Returns everything that a score depends on beside its kind, count and seed. */
async function settingsOf(config: Config, sources: LabelSources): Promise<Record<string, unknown>> {
  const { model, loss, confidence, reweighter, optimizer, schedule, quick, training, precision, inference } =
    config;
  const { diskMiB: _, ...quickSettings } = quick ?? { diskMiB: 0 };
  const stamps = await Promise.all(
    [sources.training, sources.fine, sources.evaluation].map(async (source) =>
      source === null
        ? null
        : [source.images.length, (await sampleStamps(source.dataset.files)) ?? source.dataset.length],
    ),
  );
  return {
    data: createHash('sha256')
      .update(JSON.stringify([stamps, sources.training.dataset.classes.map(({ name }) => name)]))
      .digest('hex')
      .slice(0, 16),
    seed: config.seed,
    ...{ precision, model, loss, confidence, reweighter, optimizer, schedule, quick: quickSettings },
    steps: training.iterations,
    isolatedFraction: training.isolatedFraction,
    baseSize: inference.baseSize,
    labelDeformation: config.data.augmentation.labelDeformation,
    trustedShare,
  };
}

function assumptionsOf(
  config: Config,
  {
    sources,
    costs,
    seeds,
  }: { readonly sources: LabelSources; readonly costs: LabelCosts; readonly seeds: number },
): string[] {
  const { training, quick, reweighter, model } = config;
  const { fine, fineOfTraining, evaluation, trainingKind } = sources;
  const share = formatPercent(trustedShare, { decimals: 0, sign: true });
  return [
    `A coarse image takes ${costText(costs.coarse)}, a fine one ${costText(costs.fine)}, a point ${costText(costs.point)}.`,
    `Every score is the mIoU of a head on frozen ${model.backbone.kind} features, ${training.iterations} steps of ` +
      `${quick?.pixels} pixels${reweighter === null ? '' : `, reweighted by ${reweighter.kind}`}, over sampled pixels of ` +
      `${counted(evaluation.images.length, 'evaluation image')}. Full training has other scores, and a similar order.`,
    `New images are like those that are labeled. ${
      seeds === 1
        ? 'A single seed was trained, so that the intervals know nothing of the spread over seeds'
        : `The ${seeds} seeds stand for other choices of images and pixels`
    }; no interval covers another set of evaluation images.`,
    ...(fine === null
      ? []
      : [
          `Points lie ${
            fineOfTraining && trainingKind === 'coarse'
              ? 'where no coarse label is, at random'
              : 'at random on those images'
          }; better chosen ones can bring more. Points and fine images are learned beside all coarse ` +
            `labels, with ${share} of the pixels of a step.`,
        ]),
  ];
}
