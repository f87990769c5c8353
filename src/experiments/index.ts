export type { ExperimentTable, Metric, TableRow } from './experiment-table.js';
export type { Job } from './job.js';
export { type PaperScaleOptions, paperScale } from './paper-scale.js';
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
export { type QuickScaleOptions, quickScale } from './quick-scale.js';
export type { DataRoots, ExperimentMode, MissingRun, Scale, ScaledRun, ScaleName } from './scale.js';
export { type SmallScaleOptions, smallScale } from './small-scale.js';
export { type KnownJob, type RowResult, type TableResult, tableResult } from './table-result.js';
export { experimentTables } from './tables.js';
export { type TrainCommand, trainProcesses } from './train-process.js';
export { writeExperiment } from './write-experiment.js';
export { type ExperimentResults, type ResultsOptions, readResults, writeTables } from './write-results.js';
