export type {
  EvaluationValues,
  HeldOutValues,
  MemoryValues,
  SamplingValues,
  TimingValues,
  TrainValues,
  WeightValues,
} from './metric-values.js';
export {
  type MetricLine,
  type MetricRecord,
  type MetricSplit,
  type MetricValues,
  metricRecords,
} from './metrics.js';
export type { Division, DivisionCell, PixelStatistics } from './pixel-statistics.js';
export {
  type OperatorProfile,
  type PhaseProfile,
  type Profile,
  type ProfilePhase,
  readProfile,
} from './profile.js';
export { type RunChange, readRunHistory } from './run-history.js';
export { type Run, readRun } from './run-reader.js';
