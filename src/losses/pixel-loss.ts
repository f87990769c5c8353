/** What a pixel loss is: one number for each pixel, before any weight or mean (paper, Eq. 4). */

import type { Tensor } from '../torch/index.js';

export const ignoreIndex = 255;

export interface PixelLossOptions {
  /** Pixels with this label have loss 0. */
  readonly ignoreIndex?: number;
  /** What heads beside the classifier predict, by name; for losses that need more than logits. */
  readonly extraHeads?: Readonly<Record<string, Tensor>>;
}

/** What the fused pass (`fusedPixelLoss`) is told of a loss that it knows. */
export interface FusedLoss {
  readonly kind: 'cross-entropy' | 'gce' | 'focal';
  /** q of gce, γ of focal. */
  readonly parameter: number;
}

/**
 * logits [N,C,H,W] of any floating dtype and labels [N,H,W] int64 to losses l_i, [N,H,W] float32, 0 where ignored.
 * Pure: no state, no reduction.
 */
export interface PixelLoss {
  (logitsNCHW: Tensor, labelsNHW: Tensor, options?: PixelLossOptions): Tensor;
  /** Absent where the loss can only be computed the plain way, from logits at the labels' size. */
  readonly fused?: FusedLoss;
}
