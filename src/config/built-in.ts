/** Creates the schema over all registered components, with which the command line validates a config. */

import { datasets } from '../data/index.js';
import { losses, regionLosses } from '../losses/index.js';
import { backbones, heads } from '../models/index.js';
import { optimizers, schedules } from '../optim/index.js';
import { confidences, reweighters } from '../reweighting/index.js';
import { type ConfigSchema, createConfigSchema } from './schema.js';

/** Validates a config. Components that a user registers later are known too, because every parse asks the registries. */
export const configSchema: ConfigSchema = createConfigSchema({
  backbones,
  heads,
  losses,
  regionLosses,
  confidences,
  reweighters,
  optimizers,
  schedules,
  datasets,
});
