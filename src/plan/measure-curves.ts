/** Measures the learning curves of a plan: says how long it will take, trains one head after the other, and keeps each score. */

import { setImmediate } from 'node:timers/promises';
import { scoreHead } from '../quick/index.js';
import type { HeadTrainer, HeadTraining } from '../quick/internal.js';
import { fineCounts, imageCounts, pointCounts } from './curve-counts.js';
import type { CurveTables } from './curve-tables.js';
import type { LabelCosts } from './label-costs.js';
import type { LabelSources } from './label-sources.js';
import type { CurveKind, LearningCurve } from './learning-curve.js';
import type { MeasurementKey, MeasurementStore } from './measurement-store.js';

/** Reports how far a plan has come. */
export type MeasureEvent =
  /** Says before the first training how many there are, and how long they take. */
  | { readonly type: 'estimate'; readonly trainings: number; readonly kept: number; readonly seconds: number }
  | {
      readonly type: 'score';
      readonly key: MeasurementKey;
      readonly mIoU: number;
      readonly done: number;
      readonly total: number;
      readonly secondsLeft: number;
    };

/** Describes the counts of a curve before it is measured. */
export type CurveDesign = Omit<LearningCurve, 'measurements'> & { readonly counts: readonly number[] };

/** Configures `measureCurves`. */
export interface MeasureCurvesOptions {
  readonly tables: CurveTables;
  readonly trainer: HeadTrainer;
  readonly sources: LabelSources;
  readonly store: MeasurementStore;
  readonly seeds: number;
  readonly onEvent: (event: MeasureEvent) => void;
  /** Is asked before each training; true ends the measurement. */
  readonly shouldStop: () => boolean;
}

/** Is the share of a step's rows that are points, or pixels of fine images, beside coarse labels. */
export const trustedShare = 0.3;
/** Counts the steps of the short training that tells how long the others take. */
const estimateSteps = 20;

/** Returns the curves that these labels allow, with the counts at which they are measured. */
export function designCurves(
  { training, trainingKind, fine, fineOfTraining }: LabelSources,
  {
    costs,
    hours,
    mostPoints,
  }: { readonly costs: LabelCosts; readonly hours: number; readonly mostPoints: number },
): CurveDesign[] {
  const images = training.images.length;
  const alone = {
    kind: trainingKind === 'coarse' ? 'coarse' : 'fine-alone',
    today: images,
    secondsBefore: 0,
    secondsEach: costs[trainingKind],
    counts: imageCounts(images),
  } as const;
  if (fine === null) return [alone];
  const wantedPoints = (hours * 3600) / costs.point / fine.images.length;
  const wantedImages = (hours * 3600) / costs.fine;
  const added = { today: 0, secondsBefore: images * costs.coarse };
  const perImage = pointCounts(wantedPoints, { most: mostPoints });
  return [
    alone,
    {
      ...added,
      kind: 'points',
      secondsEach: costs.point,
      counts: perImage.map((count) => count * fine.images.length),
    },
    {
      ...added,
      kind: 'fine',
      secondsEach: costs.fine,
      counts: fineCounts(wantedImages, { images: fine.images.length }),
    },
    ...(fineOfTraining
      ? ([
          {
            kind: 'fine-alone',
            today: 0,
            secondsBefore: 0,
            secondsEach: costs.fine,
            counts: imageCounts(fine.images.length),
          },
        ] as const)
      : []),
  ];
}

/**
 * Trains the heads whose scores the store does not have, all counts of a seed before the next seed.
 *
 * @returns whether all scores are there; false when `shouldStop` ended the measurement
 */
export async function measureCurves(
  designs: readonly CurveDesign[],
  options: MeasureCurvesOptions,
): Promise<boolean> {
  const { store, seeds, onEvent, shouldStop } = options;
  const { missing, kept } = scoresOf(designs, { store, seeds });
  const [first] = designs;
  if (missing.length === 0 || first === undefined) return true;
  const largest = trialOf({ kind: first.kind, count: first.counts.at(-1) as number, seed: 0 }, options);
  const seconds = missing.length * secondsOfTrial(largest, options);
  onEvent({ type: 'estimate', trainings: missing.length, kept, seconds });
  const began = performance.now();
  for (const [place, key] of missing.entries()) {
    // Lets signals and other work come in between two trainings.
    await setImmediate();
    if (shouldStop()) return false;
    const mIoU = scoreOf(trialOf(key, options), options);
    store.add(key, mIoU);
    const done = place + 1;
    const secondsLeft = ((performance.now() - began) / 1000 / done) * (missing.length - done);
    onEvent({ type: 'score', key, mIoU, done, total: missing.length, secondsLeft });
  }
  return true;
}

/** Returns the curves with their scores; null where one of them was not measured yet. */
export function measuredCurves(
  designs: readonly CurveDesign[],
  { store, seeds }: Pick<MeasureCurvesOptions, 'store' | 'seeds'>,
): LearningCurve[] | null {
  if (scoresOf(designs, { store, seeds }).missing.length > 0) return null;
  const scoreOf = (key: MeasurementKey) => store.get(scoredBy(key, designs)) as number;
  return designs.map(({ counts, ...curve }) => ({
    ...curve,
    measurements: counts.map((count) => ({
      count,
      scores: Array.from({ length: seeds }, (_, seed) => scoreOf({ kind: curve.kind, count, seed })),
    })),
  }));
}

/** Returns which scores the curves need and the store does not have, and how many it has. */
function scoresOf(
  designs: readonly CurveDesign[],
  { store, seeds }: Pick<MeasureCurvesOptions, 'store' | 'seeds'>,
): { readonly missing: readonly MeasurementKey[]; readonly kept: number } {
  const keys = Array.from({ length: seeds }, (_, seed) =>
    designs.flatMap(({ kind, counts }) => counts.map((count) => scoredBy({ kind, count, seed }, designs))),
  ).flat();
  // Curves that add to coarse labels begin with the same score.
  const different = [...new Map(keys.map((key) => [JSON.stringify(key), key])).values()];
  const missing = different.filter((key) => store.get(key) === undefined);
  return { missing, kept: different.length - missing.length };
}

/** Returns the mIoU of a head that learned from these rows, between 0 and 1. */
function scoreOf(
  training: HeadTraining,
  { trainer, tables }: Pick<MeasureCurvesOptions, 'trainer' | 'tables'>,
): number {
  const head = trainer.train(training);
  try {
    return scoreHead(head, tables.evaluation, trainer).mIoU;
  } finally {
    head.dispose();
  }
}

/** Returns about how many seconds a training and its score take, from a few steps. */
function secondsOfTrial(
  trial: HeadTraining,
  { trainer, tables }: Pick<MeasureCurvesOptions, 'trainer' | 'tables'>,
): number {
  const secondsFor = (steps: number) => {
    const began = performance.now();
    scoreOf({ ...trial, steps }, { trainer, tables });
    return (performance.now() - began) / 1000;
  };
  // The first step of a process is slow.
  secondsFor(1);
  const [one, some] = [secondsFor(1), secondsFor(estimateSteps)];
  return one + (Math.max(0, some - one) / (estimateSteps - 1)) * (trainer.steps - 1);
}

/** Returns the measurement that scores a count: a curve that adds nothing to coarse labels is at their own last count. */
function scoredBy(key: MeasurementKey, designs: readonly CurveDesign[]): MeasurementKey {
  const [training] = designs;
  if (key.count > 0 || training === undefined) return key;
  return { kind: training.kind, count: training.today, seed: key.seed };
}

function trialOf(
  { kind, count, seed }: MeasurementKey,
  { tables, sources }: Pick<MeasureCurvesOptions, 'tables' | 'sources'>,
): HeadTraining {
  const all = () => tables.trainingImages(sources.training.images.length, seed);
  const beside = (rows: HeadTraining['rows']) => [{ rows, share: trustedShare }];
  const trials: Record<CurveKind, () => HeadTraining> = {
    coarse: () => ({ rows: tables.trainingImages(count, seed), trusted: [], seed }),
    points: () => {
      const perImage = Math.round(count / (sources.fine?.images.length ?? 1));
      return { rows: all(), trusted: beside(tables.points(perImage, seed)), seed };
    },
    fine: () => ({ rows: all(), trusted: beside(tables.fineImages(count, seed)), seed }),
    'fine-alone': () => {
      const rows =
        sources.trainingKind === 'fine' ? tables.trainingImages(count, seed) : tables.fineImages(count, seed);
      return { rows, trusted: [], seed };
    },
  };
  return trials[kind]();
}
