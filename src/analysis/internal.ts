/** Exports what other rooms of this package use and users do not need. */

export { binCenter, binCount } from './pixel-statistics.js';
export { recordedRun, runLabels } from './run-statistics.js';
