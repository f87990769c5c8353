export type { ReportTable } from './experiment-content.js';
export { explainProfile, phaseNames } from './explain-profile.js';
export {
  type ExperimentReport,
  type ExperimentRow,
  writeExperimentReport,
} from './write-experiment-report.js';
export { type ReportOptions, writeReport } from './write-report.js';
