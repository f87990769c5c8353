/** Lists the confidence indicators that a config can name. A new indicator is one file and one line here. */

import { Registry } from '../registry/index.js';
import type { ConfidenceComponent } from './confidence.js';
import { entropyComponent } from './entropy.js';
import { klScaleComponent } from './kl-scale.js';
import { logVarianceComponent } from './log-variance.js';
import { standardDeviationComponent, varianceComponent } from './variance.js';

/** Holds the confidence indicators that a config can name. */
export const confidences = new Registry<ConfidenceComponent>('confidence', [
  varianceComponent,
  standardDeviationComponent,
  logVarianceComponent,
  entropyComponent,
  klScaleComponent,
]);
