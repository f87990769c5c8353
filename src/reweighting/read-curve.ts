/** Reads a weight function at chosen confidences, for plots. */

import { type Device, full, noGrad, scope, type Tensor, tensorFrom } from '../torch/index.js';

/** Configures `readCurve`. */
export interface ReadCurveOptions {
  readonly confidences: readonly number[];
  readonly device: Device;
  /** Is the agreement of all of them; 1 by default. */
  readonly agreement?: number | undefined;
}

/** Returns W at these confidences, computed on `device`. The host waits for the device. */
export function readCurve(
  weightOf: (confidence: Tensor, agreement: Tensor) => Tensor,
  { confidences, device, agreement = 1 }: ReadCurveOptions,
): number[] {
  return noGrad(() => {
    using _weights = scope();
    const confidence = tensorFrom(confidences, { dtype: 'float32', shape: [confidences.length], device });
    const weights = weightOf(
      confidence,
      full([confidences.length], { value: agreement, dtype: 'float32', device }),
    );
    return Array.from(weights.toTypedArray(), Number);
  });
}
