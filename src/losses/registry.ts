/** Lists the pixel losses that a config can name. A new loss is one file and one line here. */

import { Registry } from '../registry/index.js';
import { crossEntropyComponent } from './cross-entropy.js';
import { focalComponent } from './focal.js';
import { gceComponent } from './gce.js';
import { klComponent } from './kl.js';
import type { LossComponent } from './pixel-loss.js';

/** Holds the losses that a config can name. */
export const losses = new Registry<LossComponent>('loss', [
  crossEntropyComponent,
  gceComponent,
  focalComponent,
  klComponent,
]);
