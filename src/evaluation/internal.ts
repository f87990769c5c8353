/** Exports what other rooms of this package use and users do not need. */

export { openInMemory } from './infer-labels.js';
export { passViews } from './infer-stripes.js';
export { inferenceDevice } from './load-model.js';
export { predictedClasses } from './load-run.js';
export { memoryProblem } from './memory-problem.js';
export { NormalizedRows, type PassView } from './normalized-rows.js';
export { readTrainedNetwork, type TrainedNetwork } from './trained-network.js';
