export type { MetricLine, MetricSplit, MetricValue, MetricValues } from './metrics.js';
export {
  type OperatorProfile,
  type PhaseProfile,
  type Profile,
  type ProfilePhase,
  readProfile,
} from './profile.js';
export { type Run, readRun } from './run-reader.js';
