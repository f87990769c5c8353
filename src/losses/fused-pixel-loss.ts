/**
 * Computes loss and confidence of every pixel in one pass. Operator by operator, logits are resized to the labels'
 * size, and log-softmax, softmax and their gradients each make another map of all classes at that size: most of a
 * step's memory, and with many classes half of its time. The fused pass reads logits at the resolution of the head,
 * forward and backward.
 */

import { OperationError } from '../errors/index.js';
import { ops, type Tensor } from '../torch/index.js';
import { constants } from '../torch/internal.js';
import { crossEntropy } from './cross-entropy.js';
import { ignoreIndex as defaultIgnoreIndex, type FusedLoss, type PixelLoss } from './pixel-loss.js';

/**
 * Names the confidence indicators that the fused pass computes: variance (paper, Eq. 3) and entropy of the
 * likelihoods.
 */
export type FusedConfidence = 'variance' | 'entropy';

/** Configures `fusedPixelLoss`. */
export interface FusedPixelLossOptions {
  /** `crossEntropy` (the default), `smoothedCrossEntropy(…)`, `gce(…)` or `focal(…)`. */
  readonly loss?: PixelLoss;
  /** The detached indicator `variance` or `entropy` of `coarsely/reweighting`; null (the default) computes none. */
  readonly confidence?: { readonly fused?: FusedConfidence } | null;
  /** Label of the pixels that have loss 0 and no gradient; their confidence is computed like that of others. */
  readonly ignoreIndex?: number;
  /** Weight of each class, [C] float32, for a loss that has `weighsClasses`; null, the default, weighs all alike. */
  readonly classWeights?: Tensor | null;
}

/** Holds the maps that `fusedPixelLoss` returns. */
export interface FusedPixelLosses {
  /** Losses, [N,H,W] float32, 0 where ignored; their gradient reaches the logits. */
  readonly lossesNHW: Tensor;
  /** Confidences, [N,H,W] float32 in [−1, 1], without gradient; null unless an indicator was given. */
  readonly confidenceNHW: Tensor | null;
}

const kinds = {
  'cross-entropy': constants.lossKind.crossEntropy,
  gce: constants.lossKind.gce,
  focal: constants.lossKind.focal,
  smoothed: constants.lossKind.smoothedCrossEntropy,
} satisfies Record<FusedLoss['kind'], number>;
const indicators: Readonly<Record<FusedConfidence | 'none', number>> = constants.indicator;

/** Returns losses and confidences; the second is never null where an indicator is given. */
export function fusedPixelLoss(
  logitsNCHW: Tensor,
  labelsNHW: Tensor,
  options: FusedPixelLossOptions & { readonly confidence: object },
): FusedPixelLosses & { readonly confidenceNHW: Tensor };
/**
 * Returns what `resizeBilinear`, a pixel loss and an indicator give one after the other, to float32 rounding, without
 * a map of all classes at the labels' size. The backward pass computes again what it needs. It is deterministic, and
 * its result does not depend on the number of threads.
 *
 * @param logitsNCHW [N,C,h,w] at the resolution of the head, any floating dtype
 * @param labelsNHW [N,H,W] int64
 * @throws {OperationError} when the loss or the confidence has no fused form, when shapes do not match, or for a
 *   label that is neither below C nor `ignoreIndex`
 */
export function fusedPixelLoss(
  logitsNCHW: Tensor,
  labelsNHW: Tensor,
  options?: FusedPixelLossOptions,
): FusedPixelLosses;
export function fusedPixelLoss(
  logitsNCHW: Tensor,
  labelsNHW: Tensor,
  {
    loss = crossEntropy,
    confidence = null,
    ignoreIndex = defaultIgnoreIndex,
    classWeights = null,
  }: FusedPixelLossOptions = {},
): FusedPixelLosses {
  if (loss.fused === undefined || (confidence !== null && confidence.fused === undefined)) {
    throw new OperationError(
      'fusedPixelLoss: expected a loss among crossEntropy, smoothedCrossEntropy, gce, focal and a detached confidence among variance, ' +
        `entropy; received a ${loss.fused === undefined ? 'loss' : 'confidence'} without a fused form`,
    );
  }
  const { kind, parameter } = loss.fused;
  const indicator = indicators[confidence?.fused ?? 'none'];
  const [lossesNHW, confidenceNHW] = ops.pixelLoss(
    logitsNCHW,
    labelsNHW,
    kinds[kind],
    parameter,
    ignoreIndex,
    indicator,
    { classWeights: loss.weighsClasses ? classWeights : null },
  );
  return { lossesNHW, confidenceNHW: confidence === null ? null : confidenceNHW };
}
