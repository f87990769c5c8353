/** Exports what other rooms of this package use and users do not need. */

export { examplePanels } from './example-panels.js';
export { explainProfile, phaseNames } from './explain-profile.js';
export { type Html, html, trusted } from './html.js';
export { readStyles } from './page-assets.js';
export { readReportRuns, reportRunsOf } from './read-report-run.js';
export type { ReportRun } from './report-run.js';
export type { ExamplesContent } from './sections/examples.js';
export {
  type ExperimentReport,
  type ExperimentRow,
  writeExperimentReport,
} from './write-experiment-report.js';
