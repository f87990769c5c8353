/** Lists the losses that a config can name. A new loss is one file and one line here. */

import { Registry } from '../registry/index.js';
import { candidatesComponent } from './candidates.js';
import { consistencyComponent } from './consistency.js';
import { crossEntropyComponent } from './cross-entropy.js';
import { diceComponent } from './dice.js';
import { focalComponent } from './focal.js';
import { gatedCrfComponent } from './gated-crf.js';
import { gceComponent } from './gce.js';
import { klComponent } from './kl.js';
import { lovaszSoftmaxComponent } from './lovasz-softmax.js';
import type { LossComponent } from './pixel-loss.js';
import type { RegionLossComponent } from './region-loss.js';
import { relaxationComponent } from './relaxation.js';

/** Holds the losses that a config can name. */
export const losses = new Registry<LossComponent>('loss', [
  crossEntropyComponent,
  gceComponent,
  focalComponent,
  klComponent,
]);

/** Holds the losses of regions that a config can add to the pixel loss. */
export const regionLosses = new Registry<RegionLossComponent>('region loss', [
  diceComponent,
  lovaszSoftmaxComponent,
  candidatesComponent,
  relaxationComponent,
  gatedCrfComponent,
  consistencyComponent,
]);
