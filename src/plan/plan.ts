/** Describes a plan: what labels cost, what they brought, and what the next hours of labeling would bring. */

import type { FittedCurve } from './fit-curve.js';
import type { LabelCosts } from './label-costs.js';
import type { LearningCurve } from './learning-curve.js';
import type { Recommendation } from './recommend.js';
import type { SecondHalfCheck } from './second-half.js';

/** Holds a plan with the curves that it rests on. */
export interface LabelingPlan {
  /** Names the folder of the dataset. */
  readonly data: string;
  readonly costs: LabelCosts;
  /** Is the number of hours that were asked about. */
  readonly hours: number;
  readonly seeds: number;
  /** Counts the training images. */
  readonly images: number;
  /** Holds the curves of enough counts to be fitted. */
  readonly curves: readonly FittedCurve[];
  /** Holds the curves of too few counts. */
  readonly unfitted: readonly LearningCurve[];
  /** Says what to label in the hours that were asked about. */
  readonly recommendation: Recommendation;
  /** Holds the same for other numbers of hours. */
  readonly otherHours: readonly Recommendation[];
  /** Compares what the first half of the labels predicts with what the second half brought. */
  readonly checks: readonly SecondHalfCheck[];
  /** Has a sentence for each thing that was assumed or left out. */
  readonly assumptions: readonly string[];
}
