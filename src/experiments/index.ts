export { baselinesTable } from './baselines-table.js';
export { checkPlan } from './check-plan.js';
export { checkScaleOptions, checkWeightKinds, settingsOfScale } from './check-settings.js';
export { type ConfigDifference, configDifferences } from './config-difference.js';
export type { ExperimentTable, Metric, TableRow } from './experiment-table.js';
export type { Job } from './job.js';
export { type JobStatus, jobStatus, type Scores } from './job-status.js';
export { differenceText, scoreText, type TextTable, tableMarkdown, textTable } from './markdown.js';
export { type Figures, paperFigures } from './paper-figures.js';
export { type PaperScaleOptions, paperScale } from './paper-scale.js';
export { paperTables } from './paper-tables.js';
export { type ExperimentPlan, type PlanOptions, planExperiment } from './plan.js';
export {
  type JobOutcome,
  type JobProcess,
  type JobProgress,
  JobQueue,
  type QueueEvent,
  type QueueOptions,
  type StartJob,
} from './queue.js';
export type { DataRoots, Scale, ScaledRun, ScaleName } from './scale.js';
export {
  type ExperimentSettings,
  type ExperimentSettingsInput,
  readSettings,
  writeSettings,
} from './settings.js';
export { type SmallScaleOptions, smallScale } from './small-scale.js';
export { type Summary, summarize } from './statistics.js';
export { type KnownJob, type RowResult, type TableResult, tableResult } from './table-result.js';
export { experimentTables, tablesNamed } from './tables.js';
export { type TrainCommand, trainProcesses } from './train-process.js';
export { writeExperiment } from './write-experiment.js';
export {
  type ExperimentResults,
  type ResultsOptions,
  readResults,
  writeTables,
} from './write-results.js';
