export {
  type ConfiguredTrainingComponents,
  type CreateTrainingComponentsOptions,
  createTrainingComponents,
} from './create-training-components.js';
export { DivergenceError } from './divergence-watch.js';
export type { TrainingEvent } from './events.js';
export { type ResolveClassWeightsOptions, resolveClassWeights } from './resolve-class-weights.js';
export { type RunTrainingOptions, runTraining } from './run-training.js';
export type { RunBatch, RunBatches, SourcePlace, StepSource } from './step-source.js';
export type { StoppingState, StoppingVerdict } from './stopping-rule.js';
export { type StepOptions, trainStep } from './train-step.js';
export { Trainer, type TrainerOptions } from './trainer.js';
export type { DeviceBatch, TrainingBatch, TrustedMap } from './training-batch.js';
export type {
  ClassFrequencies,
  Phase,
  StepBatch,
  StepLosses,
  TrainableModel,
  TrainableOutput,
  TrainingComponents,
  TrustedLabels,
  WeightedRegionLoss,
} from './training-components.js';
