/** Lists the optimizers that a config can name. A new optimizer is one file and one line here. */

import { Registry } from '../registry/index.js';
import { adamComponent } from './adam.js';
import { adamWComponent } from './adamw.js';
import type { OptimizerComponent } from './optimizer.js';
import { sgdComponent } from './sgd.js';

/** Holds the optimizers that a config can name. */
export const optimizers = new Registry<OptimizerComponent>('optimizer', [
  sgdComponent,
  adamComponent,
  adamWComponent,
]);
