export {
  type ConfiguredPlayers,
  type CreatePlayersOptions,
  createPlayers,
  settlePrecision,
} from './create-players.js';
export { DivergenceError } from './divergence-watch.js';
export type { TrainingEvent } from './events.js';
export { type LearnFromCleanOptions, learnFromClean } from './learn-from-clean.js';
export type { Phase, Players, StepBatch, StepLosses, TrainableModel, TrainableOutput } from './players.js';
export { type RankShare, rankShare } from './rank-share.js';
export { type RunTrainingOptions, runTraining } from './run-training.js';
export { StepProfiler, type StepProfilerOptions } from './step-profiler.js';
export { type StepOptions, trainStep } from './train-step.js';
export { type HostBatch, Trainer } from './trainer.js';
export { WaitMeter } from './wait-meter.js';
