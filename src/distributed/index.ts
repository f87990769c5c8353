export type { Collectives } from './collectives.js';
export { GradientSynchronizer, type GradientSynchronizerOptions } from './gradient-synchronizer.js';
export { type AllReduceOptions, type JoinOptions, ProcessGroup } from './process-group.js';
export { type RankEnvironment, readRankEnvironment } from './rank-environment.js';
