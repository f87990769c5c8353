/**
 * Confidence indicators: how sure the network is of a pixel, whatever its label says. Each maps to [−1, 1] with +1 the
 * most confident (paper, section 3.2 and Table 2), detached: if the network saw a way to change its weights through
 * its confidence it would take it instead of learning (Table 1).
 */

import { z } from 'zod';
import { EngineError } from '../errors/index.js';
import { type Component, Registry } from '../registry/index.js';
import { autocast, noGrad, type Tensor } from '../torch/index.js';

export interface ConfidenceOptions {
  /** What heads beside the classifier predict, by name. */
  readonly extraHeads?: Readonly<Record<string, Tensor>>;
}

/** logits [N,C,H,W] to confidence v̂ [N,H,W], float32 in [−1, 1], without gradient. */
export type Confidence = (logitsNCHW: Tensor, options?: ConfidenceOptions) => Tensor;

/**
 * Variance of the class likelihoods, normalised (Eq. 3): v̂ = 2 (C Σ_c p_c² − 1) / (C − 1) − 1.
 * A network of one class is always certain: +1.
 */
export const variance: Confidence = (logitsNCHW) => overLikelihoods(logitsNCHW, (share) => share);

/** Standard deviation of the class likelihoods over its maximum, √v / √v_max, in [−1, 1]. */
export const standardDeviation: Confidence = (logitsNCHW) =>
  overLikelihoods(logitsNCHW, (share) => share.sqrt());

/** `shape` takes v / v_max ∈ [0, 1] to a share of the greatest confidence. */
function overLikelihoods(logitsNCHW: Tensor, shape: (share: Tensor) => Tensor): Tensor {
  if (logitsNCHW.ndim !== 4) {
    throw new EngineError(`confidence: expected logits [N,C,H,W], received [${logitsNCHW.shape.join(',')}]`);
  }
  return noGrad(() =>
    autocast({ device: logitsNCHW.device, enabled: false }, () => {
      const classCount = logitsNCHW.shape[1] ?? 1;
      const likelihoods = logitsNCHW.detach().to({ dtype: 'float32' }).softmax(1);
      const sumOfSquares = likelihoods.square().sum(1);
      if (classCount === 1) return sumOfSquares;
      // Rounding may leave [0, 1] by an ulp, which a square root or a logarithm would not forgive.
      const share = sumOfSquares
        .mul(classCount)
        .sub(1)
        .div(classCount - 1)
        .clamp_({ min: 0, max: 1 });
      return shape(share).mul(2).sub(1);
    }),
  );
}

export interface ConfidenceContext {
  readonly classCount: number;
}

/** Indicators by the name that a config uses. */
export const confidences = new Registry<Component<unknown, ConfidenceContext, Confidence>>('confidence');

confidences.register('variance', { options: z.strictObject({}), create: () => variance });
confidences.register('std', { options: z.strictObject({}), create: () => standardDeviation });
