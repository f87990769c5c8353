/** Describes measured learning curves: the mIoU of heads that learned from more and more labels of one kind. */

/** Lists what is added along a curve: coarse images, points or fine images beside them, or fine images alone. */
export const curveKinds = ['coarse', 'points', 'fine', 'fine-alone'] as const;

/** Names what is added along a curve. */
export type CurveKind = (typeof curveKinds)[number];

/** Holds the scores of one count of labels. */
export interface CurveMeasurement {
  /** Counts the labels that were added: images, or points over all images. */
  readonly count: number;
  /** Holds the mIoU of each seed, between 0 and 1, in the order of the seeds. */
  readonly scores: readonly number[];
}

/** Holds a measured learning curve. */
export interface LearningCurve {
  readonly kind: CurveKind;
  /** Counts the labels of this kind that the person has today. */
  readonly today: number;
  /** Is the time of labeling before the first label of this kind, in seconds: that of the labels it is added to. */
  readonly secondsBefore: number;
  /** Is the time of labeling for one more, in seconds. */
  readonly secondsEach: number;
  /** Holds the measured counts in ascending order; a curve that adds to coarse labels begins at 0. */
  readonly measurements: readonly CurveMeasurement[];
}

/** Describes the kinds in the words of tables, plots and sentences. */
export const curveNames = {
  coarse: { title: 'coarse images', unit: 'coarse image', plot: 'coarse images alone' },
  points: { title: 'points', unit: 'point', plot: 'coarse images + points' },
  fine: { title: 'fine images', unit: 'fine image', plot: 'coarse images + fine images' },
  'fine-alone': { title: 'fine images alone', unit: 'fine image', plot: 'fine images alone' },
} as const satisfies Record<
  CurveKind,
  { readonly title: string; readonly unit: string; readonly plot: string }
>;

/** Tells whether a curve adds to other labels, so that it begins at count 0. */
export function startsAtZero({ measurements }: Pick<LearningCurve, 'measurements'>): boolean {
  return measurements[0]?.count === 0;
}

/** Returns the hours of labeling that a count of a curve takes, with what lies before it. */
export function hoursAt(
  { secondsBefore, secondsEach }: Pick<LearningCurve, 'secondsBefore' | 'secondsEach'>,
  count: number,
): number {
  return (secondsBefore + count * secondsEach) / 3600;
}

/** Returns the mean of numbers. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
