/** Exports what other rooms of this package use and users do not need. */

export { checkpointPart } from './checkpoint-part.js';
export { lastMetricLines, lastMetricStep } from './metrics.js';
export { profilePhases } from './profile.js';
export { roundsConfigFile, roundsFolder } from './rounds-folder.js';
export { checkNewRunFolder, configFile, metricsFile } from './run-folder.js';
export { RunFollower } from './run-follower.js';
export { hasStaleLock, rejectIfTraining, stopTraining, trainingProcess } from './run-lock.js';
export { type RunSamples, readRunSamples, type SamplePart } from './run-samples.js';
export { runSeconds } from './run-seconds.js';
export {
  endState,
  environmentState,
  hasEnded,
  initialWeightsOf,
  initialWeightsState,
  isFinished,
  type JsonValue,
  noCheckpointError,
  type RunState,
  readState,
  runEnvironment,
} from './run-state.js';
export { RunWriter } from './run-writer.js';
export { classesOfState, classesOfWeights, runOfCheckpoint } from './trained-classes.js';
