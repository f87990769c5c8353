/** Reads a weight function at chosen confidences, for plots. */

import { type Device, noGrad, type Tensor, tensorFrom, tidy } from '../torch/index.js';

/** Returns W at these confidences, computed on `device`. The host waits for the device. */
export function readCurve(
  weightOf: (confidence: Tensor) => Tensor,
  { confidences, device }: { readonly confidences: readonly number[]; readonly device: Device },
): number[] {
  return noGrad(() => {
    const weights = tidy(() =>
      weightOf(tensorFrom(confidences, { dtype: 'float32', shape: [confidences.length], device })),
    );
    const values = Array.from(weights.toTypedArray(), Number);
    weights.dispose();
    return values;
  });
}
