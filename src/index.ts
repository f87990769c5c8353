/** Everything public, in one import; each room is also an entry point of its own (`coarsely/reweighting`). */

export * from './analysis/index.js';
export * from './coarsen/index.js';
export * from './config/index.js';
export * from './data/index.js';
export * from './distributed/index.js';
export * from './errors/index.js';
export * from './evaluation/index.js';
export * from './experiments/index.js';
export * from './figures/index.js';
export * from './fill/index.js';
export * from './inspect/index.js';
export * from './losses/index.js';
export * from './models/index.js';
export * from './nn/index.js';
export * from './optim/index.js';
export * from './plan/index.js';
export * from './quick/index.js';
export * from './recipes/index.js';
export * from './registry/index.js';
export * from './report/index.js';
export * from './reweighting/index.js';
export * from './runs/index.js';
export * from './scenes/index.js';
export * from './suggest/index.js';
export * from './torch/index.js';
export * from './training/index.js';
