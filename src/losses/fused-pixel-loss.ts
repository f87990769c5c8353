/**
 * Loss and confidence of every pixel in one pass. The plain way resizes the logits to the labels' size, and then makes a
 * map of all classes at that size again for each of log-softmax, softmax and their gradients: most of a step's memory,
 * and for many classes half of its time. Here logits stay as small as the head gave them, forward and backward.
 */

import { OperationError } from '../errors/index.js';
import { ops, type Tensor } from '../torch/index.js';
import { crossEntropy } from './cross-entropy.js';
import { ignoreIndex as defaultIgnoreIndex, type FusedLoss, type PixelLoss } from './pixel-loss.js';

/** Indicators that the fused pass knows: the variance of the likelihoods (paper, Eq. 3) or their entropy. */
export type FusedConfidence = 'variance' | 'entropy';

export interface FusedPixelLossOptions {
  /** `crossEntropy`, `gce(…)` or `focal(…)`. */
  readonly loss?: PixelLoss;
  /** The indicator `variance` or `entropy` of `coarsely/reweighting`, detached; null where none is wanted. */
  readonly confidence?: { readonly fused?: FusedConfidence } | null;
  /** Pixels with this label have loss 0 and no gradient; their confidence is computed all the same. */
  readonly ignoreIndex?: number;
}

export interface FusedPixelLosses {
  /** [N,H,W] float32, 0 where ignored; its gradient reaches the logits. */
  readonly lossesNHW: Tensor;
  /** [N,H,W] float32 in [−1, 1], without gradient; null where none was asked for. */
  readonly confidenceNHW: Tensor | null;
}

const kinds = { 'cross-entropy': 0, gce: 1, focal: 2 } as const satisfies Record<FusedLoss['kind'], number>;
const indicators = { variance: 1, entropy: 2 } as const satisfies Record<FusedConfidence, number>;

/** A confidence that was asked for is there. */
export function fusedPixelLoss(
  logitsNCHW: Tensor,
  labelsNHW: Tensor,
  options: FusedPixelLossOptions & { readonly confidence: object },
): FusedPixelLosses & { readonly confidenceNHW: Tensor };
/**
 * What `resizeBilinear`, a pixel loss and an indicator give one after the other, to float32 rounding, in one pass that
 * makes no map of all classes at the labels' size. Backward computes again what it needs; it is deterministic, and the
 * same for any number of threads.
 *
 * @param logitsNCHW [N,C,h,w] at any resolution, any floating dtype: what the head predicts, not yet resized
 * @param labelsNHW [N,H,W] int64
 * @throws OperationError when the loss or the confidence has no fused form, when shapes do not match, or for a label that
 *   is neither below C nor `ignoreIndex`
 */
export function fusedPixelLoss(
  logitsNCHW: Tensor,
  labelsNHW: Tensor,
  options?: FusedPixelLossOptions,
): FusedPixelLosses;
export function fusedPixelLoss(
  logitsNCHW: Tensor,
  labelsNHW: Tensor,
  { loss = crossEntropy, confidence = null, ignoreIndex = defaultIgnoreIndex }: FusedPixelLossOptions = {},
): FusedPixelLosses {
  if (loss.fused === undefined || (confidence !== null && confidence.fused === undefined)) {
    throw new OperationError(
      'fusedPixelLoss: expected a loss among crossEntropy, gce, focal and a detached confidence among variance, ' +
        `entropy; received a ${loss.fused === undefined ? 'loss' : 'confidence'} without a fused form`,
    );
  }
  const { kind, parameter } = loss.fused;
  const indicator = confidence?.fused === undefined ? 0 : indicators[confidence.fused];
  const [lossesNHW, confidenceNHW] = ops.pixelLoss(
    logitsNCHW,
    labelsNHW,
    kinds[kind],
    parameter,
    ignoreIndex,
    indicator,
  );
  return { lossesNHW, confidenceNHW: indicator === 0 ? null : confidenceNHW };
}
