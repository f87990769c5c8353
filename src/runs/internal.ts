/** Exports what other rooms of this package use and users do not need. */

export { checkpointPart } from './checkpoint-part.js';
export { profilePhases } from './profile.js';
export { checkNewRunFolder } from './run-folder.js';
export { trainingProcess } from './run-lock.js';
export type { JsonValue, RunState } from './run-state.js';
export { RunWriter } from './run-writer.js';
