/** Generalized cross-entropy (Zhang and Sabuncu 2018), the robust loss that ARM is tried on in Table 4. */

import { OperationError } from '../errors/index.js';
import { crossEntropy, expectLabels } from './cross-entropy.js';
import { oneMinusExp } from './one-minus-exp.js';
import type { PixelLoss } from './pixel-loss.js';

export interface GceOptions {
  /** 0 is cross-entropy, 1 is the mean absolute error; the paper's search found 0.1. */
  readonly q?: number;
}

// Below it (1 − e^{−q·l}) / q and l agree in every digit of a float32, for any loss that logits can give.
const crossEntropyBelow = 1e-12;

/**
 * (1 − p_y^q) / q for each pixel, from l = −log p_y, so that nothing is lost where p_y underflows. Its gradient is that
 * of cross-entropy times p_y^q: pixels that the network finds unlikely count less.
 *
 * @throws OperationError when q is outside [0, 1], and where `crossEntropy` does
 */
export function gce({ q = 0.1 }: GceOptions = {}): PixelLoss {
  if (!(q >= 0 && q <= 1)) throw new OperationError(`gce: expected q in [0, 1], received ${q}`);
  const loss: PixelLoss = (logitsNCHW, labelsNHW, options) => {
    expectLabels('gce', logitsNCHW, labelsNHW);
    const lossesNHW = crossEntropy(logitsNCHW, labelsNHW, options);
    return q < crossEntropyBelow ? lossesNHW : oneMinusExp(lossesNHW.mul(q)).div(q);
  };
  return Object.assign(loss, { fused: { kind: 'gce', parameter: q } as const });
}
