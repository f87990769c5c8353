export { Adam, type AdamOptions } from './adam.js';
export { AdamW, type AdamWOptions } from './adamw.js';
export { clipGradNorm } from './clip-grad-norm.js';
export {
  Optimizer,
  type OptimizerComponent,
  type OptimizerContext,
  type OptimizerDefaults,
  type OptimizerSettings,
  type ParameterGroup,
} from './optimizer.js';
export { optimizers } from './optimizers.js';
export type { Schedule, ScheduleComponent, ScheduleContext } from './schedule.js';
export { schedules } from './schedules.js';
export { Sgd, type SgdGroup, type SgdOptions } from './sgd.js';
