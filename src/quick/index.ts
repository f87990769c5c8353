export { type FeatureRows, featureRows, type OwnFeatures } from './feature-rows.js';
export { type FeatureTable, type FeatureTableOptions, openFeatureTable } from './feature-table.js';
export { type TrainHeadOptions, trainHead } from './train-head.js';
export { type TrainRunOptions, trainRun } from './train-run.js';
