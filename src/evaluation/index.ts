export type { BoundaryScore } from './boundary-score.js';
export { ConfusionMatrix } from './confusion-matrix.js';
export {
  type EvaluatedClass,
  type Evaluation,
  type EvaluationOptions,
  type EvaluationProgress,
  evaluate,
} from './evaluate.js';
export { inferLabels, inferLogits } from './infer-labels.js';
export { inferenceOptions } from './inference-options.js';
export type { DecodedImage, InferenceOptions, InferencePrecision } from './inference-protocol.js';
export { type LoadModelOptions, loadModel } from './load-model.js';
export {
  type LoadedPublishedModel,
  type LoadPublishedOptions,
  loadPublishedModel,
} from './load-published-model.js';
export { type LoadedRun, type LoadRunOptions, loadRun } from './load-run.js';
export type { LeftOut } from './memory-problem.js';
export { type ClassMetrics, type Metrics, metricsFrom } from './metrics.js';
export { type PredictionOptions, type PredictionSummary, predictInputs } from './predict.js';
export type { PredictionPaths } from './prediction-files.js';
export type { SegmentationModel } from './segmentation-model.js';
export type { SlidingWindow } from './sliding-window.js';
export type { TrimapScore } from './trimap-score.js';
