/** Exports what other rooms of this package use and users do not need. */

export { inferenceDevice } from './load-model.js';
export { predictedClasses } from './load-run.js';
export { memoryProblem } from './memory-problem.js';
export { readTrainedNetwork, type TrainedNetwork } from './trained-network.js';
