export { clipGradNorm } from './clip-grad-norm.js';
export { type Schedule, type ScheduleContext, schedules } from './schedules.js';
export { type ParameterGroup, Sgd, type SgdOptions } from './sgd.js';
