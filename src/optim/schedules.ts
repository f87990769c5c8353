/** Lists the learning-rate schedules that a config can name. A new schedule is one file and one line here. */

import { Registry } from '../registry/index.js';
import { cosineComponent } from './cosine.js';
import { multiStepComponent } from './multi-step.js';
import { polyComponent } from './poly.js';
import type { ScheduleComponent } from './schedule.js';

/** Holds the learning-rate schedules that a config can name. */
export const schedules = new Registry<ScheduleComponent>('schedule', [
  multiStepComponent,
  polyComponent,
  cosineComponent,
]);
