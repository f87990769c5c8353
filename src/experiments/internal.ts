/** Exports what other rooms of this package use and users do not need. */

export { checkPlan } from './check-plan.js';
export { checkScaleOptions, checkWeightKinds, settingsOfScale } from './check-settings.js';
export { confidenceLevel } from './interval.js';
export { type JobStatus, jobStatus } from './job-status.js';
export { withoutQuickRuns } from './scale.js';
export {
  type ExperimentSettings,
  type ExperimentSettingsInput,
  readSettings,
  writeSettings,
} from './settings.js';
export { makePoints } from './simulated-points.js';
export { studentBound } from './student-t.js';
export { tablesNamed } from './tables.js';
