/** Exports what other rooms of this package use and users do not need. */

export { inferenceOptions } from './inference-options.js';
export { inferenceDevice } from './load-model.js';
export { compareClasses } from './load-published-model.js';
