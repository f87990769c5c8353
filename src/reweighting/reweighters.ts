/** Lists the reweighters that a config can name. A new reweighter is one file and one line here. */

import { Registry } from '../registry/index.js';
import { activeBiasComponent } from './active-bias.js';
import { armComponent } from './arm.js';
import { closedFormArmComponent } from './closed-form-arm.js';
import { focalWeightsComponent } from './focal-weights.js';
import { gceWeightsComponent } from './gce-weights.js';
import { linearArmComponent } from './linear-arm.js';
import { metaWeightNetComponent } from './meta-weight-net.js';
import { ohemComponent } from './ohem.js';
import type { ReweighterComponent } from './reweighter.js';
import { trimComponentOf } from './trim.js';

/** Holds the reweighters that a config can name. */
export const reweighters = new Registry<ReweighterComponent>('reweighter', [
  armComponent,
  linearArmComponent,
  closedFormArmComponent,
  ohemComponent,
  focalWeightsComponent,
  gceWeightsComponent,
  activeBiasComponent,
  metaWeightNetComponent,
]);
reweighters.register(trimComponentOf(reweighters));
