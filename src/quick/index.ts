export {
  type ExtractedFeatures,
  type ExtractFeaturesOptions,
  extractFeatures,
  type FeatureImage,
} from './extract-features.js';
export type { FeatureReading } from './feature-network.js';
export { type FeatureDemand, type FeaturePlan, planFeatures } from './feature-plan.js';
export { type FeatureRows, featureRows, type OwnFeatures } from './feature-rows.js';
export { FeatureTable } from './feature-table.js';
export { type FeatureView, featureViews } from './feature-view.js';
export { type FeatureProgress, type FeatureTableOptions, openFeatureTable } from './open-feature-table.js';
export { type ScoreHeadOptions, scoreHead } from './score-head.js';
export { selectRows } from './select-rows.js';
export { type TrainHeadOptions, trainHead } from './train-head.js';
export { type TrainRunOptions, trainRun } from './train-run.js';
