/** Reads a weight function at chosen confidences, for plots. */

import { type Device, noGrad, scope, type Tensor, tensorFrom } from '../torch/index.js';

/** Returns W at these confidences, computed on `device`. The host waits for the device. */
export function readCurve(
  weightOf: (confidence: Tensor) => Tensor,
  { confidences, device }: { readonly confidences: readonly number[]; readonly device: Device },
): number[] {
  return noGrad(() => {
    using _weights = scope();
    const weights = weightOf(
      tensorFrom(confidences, { dtype: 'float32', shape: [confidences.length], device }),
    );
    return Array.from(weights.toTypedArray(), Number);
  });
}
