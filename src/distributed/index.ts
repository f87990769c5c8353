export {
  GradientSynchroniser,
  type GradientSynchroniserOptions,
} from './gradient-synchroniser.js';
export { type AllReduceOptions, type JoinOptions, ProcessGroup } from './process-group.js';
export { type RankEnvironment, readRankEnvironment } from './rank-environment.js';
