export {
  curveInterval,
  type FitCurveOptions,
  type FittedCurve,
  fitCurve,
  gainInterval,
  type ScoreNoise,
} from './fit-curve.js';
export { defaultCosts, type LabelCosts, parseLabelCosts } from './label-costs.js';
export type { CurveKind, CurveMeasurement, LearningCurve } from './learning-curve.js';
export type { MeasureEvent } from './measure-curves.js';
export type { MeasurementKey } from './measurement-store.js';
export type { LabelingPlan } from './plan.js';
export { type PlanEvent, type PlanLabelingOptions, planLabeling, planOf } from './plan-labeling.js';
export { type CurvePoint, fitPowerLaw, type PowerLaw, powerLawAt } from './power-law.js';
export { type LabelingOption, type Recommendation, recommend } from './recommend.js';
export { checkSecondHalf, type SecondHalfCheck } from './second-half.js';
export { type PlanFiles, writePlan } from './write-plan.js';
