/**
 * Computes the generalized cross-entropy (Zhang and Sabuncu 2018), the robust loss that the paper combines with ARM
 * in Table 4.
 */

import { z } from 'zod';
import { defineComponent, parseOptions } from '../registry/index.js';
import { constants } from '../torch/internal.js';
import { crossEntropy } from './cross-entropy.js';
import { oneMinusExp } from './one-minus-exp.js';
import { expectLabels, type PixelLoss } from './pixel-loss.js';

const schema = z
  .strictObject({
    q: z
      .number()
      .min(0)
      .max(1)
      .default(0.1)
      .describe(
        'Exponent q: 0 gives cross-entropy, 1 the mean absolute error. The search in the paper found 0.1.',
      ),
  })
  .describe(
    'Generalized cross-entropy, (1 − p_y^q) / q: robust to wrong labels, because pixels whose label looks unlikely ' +
      'count less.',
  );

/** Configures `gce`. */
export interface GceOptions extends z.input<typeof schema> {}

/**
 * Returns the loss (1 − p_y^q) / q. It is computed from l = −log p_y, so that nothing is lost where p_y underflows. Its
 * gradient is that of cross-entropy times p_y^q.
 *
 * @throws {OperationError} when q is outside [0, 1]; the loss throws where `crossEntropy` does
 */
export function gce(options: GceOptions = {}): PixelLoss {
  const { q } = parseOptions('gce', schema, options);
  const loss: PixelLoss = (logitsNCHW, labelsNHW, lossOptions) => {
    expectLabels('gce', logitsNCHW, labelsNHW);
    const lossesNHW = crossEntropy(logitsNCHW, labelsNHW, lossOptions);
    return q < constants.gceCrossEntropyBelow ? lossesNHW : oneMinusExp(lossesNHW.mul(q)).div(q);
  };
  return Object.assign(loss, { fused: { kind: 'gce', parameter: q } as const });
}

export const gceComponent = defineComponent({ kind: 'gce', options: schema, create: gce });
