export { checkpointPart } from './checkpoint-part.js';
export type { MetricLine, MetricSplit, MetricValue, MetricValues } from './metrics.js';
export {
  type OperatorProfile,
  type PhaseProfile,
  type Profile,
  type ProfilePhase,
  profilePhases,
  readProfile,
} from './profile.js';
export { checkNewRunFolder } from './run-folder.js';
export { trainingProcess } from './run-lock.js';
export { type Run, readRun } from './run-reader.js';
export type { JsonValue, RunState } from './run-state.js';
export { type CheckpointContents, RunWriter } from './run-writer.js';
