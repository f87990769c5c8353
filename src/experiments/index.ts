export type { Claim, ClaimVerdict, ComparisonClaim, DivergenceClaim } from './claim.js';
export type { ClaimResult } from './claim-result.js';
export type { ExperimentTable, Metric, TableRow } from './experiment-table.js';
export type { Interval } from './interval.js';
export type { Job } from './job.js';
export type { LabelCounts } from './labeling.js';
export type { KnownJob, PairedDifference, Summary } from './paired-difference.js';
export { type PaperScaleOptions, paperScale } from './paper-scale.js';
export { type ExperimentPlan, type PlanOptions, planExperiment } from './plan.js';
export { type PretrainedScaleOptions, pretrainedScale } from './pretrained-scale.js';
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
export { type RowResult, type TableResult, tableResult } from './table-result.js';
export { experimentTables } from './tables.js';
export { type TrainCommand, trainProcesses } from './train-process.js';
export { writeExperiment } from './write-experiment.js';
export { type ExperimentResults, type ResultsOptions, readResults, writeTables } from './write-results.js';
