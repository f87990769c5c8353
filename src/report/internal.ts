/** Exports what other rooms of this package use and users do not need. */

export { explainProfile, phaseNames } from './explain-profile.js';
export { type Html, html, trusted } from './html.js';
export { readStyles } from './page-assets.js';
export {
  type ExperimentReport,
  type ExperimentRow,
  writeExperimentReport,
} from './write-experiment-report.js';
