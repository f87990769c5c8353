/** Exports what other rooms of this package use and users do not need. */

export { evenlySpaced, haveSameImages } from './chosen-images.js';
export { binCenter, binCount } from './pixel-statistics.js';
export { runLabels } from './run-labels.js';
export { lastMoment, recordedRun } from './run-statistics.js';
