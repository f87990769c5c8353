/** The schema over every component that the rooms registered: what the command line validates with. */

import { datasets } from '../data/index.js';
import { losses } from '../losses/index.js';
import { backbones, heads } from '../models/index.js';
import { optimizers, schedules } from '../optim/index.js';
import { confidences, reweighters } from '../reweighting/index.js';
import { type ConfigSchema, createConfigSchema } from './schema.js';

/** Components registered later, by a user, are known to this schema too: registries are asked at each parse. */
export const configSchema: ConfigSchema = createConfigSchema({
  backbones,
  heads,
  losses,
  confidences,
  reweighters,
  optimizers,
  schedules,
  datasets,
});
