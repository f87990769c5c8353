/**
 * Applies class weights to the losses of pixels. They are divided by their mean over the labeled pixels, so that the mean
 * of the weighted losses is PyTorch's weighted mean, Σ w_y·l / Σ w_y, and reweighters see losses of the usual size.
 */

import { labelWeights, type PixelLoss } from '../losses/index.js';
import type { Tensor } from '../torch/index.js';
import type { LabelTotals } from './label-totals.js';

/** Holds the class weights as a batch needs them. */
export interface ClassWeighting {
  /** Weight of each class, [C] float32. */
  readonly classWeights: Tensor;
  /** Weight of every pixel over the mean weight, [N,H,W] float32; 0 where ignored. */
  readonly factorsNHW: Tensor;
  /** One over the mean weight of the labeled pixels, a scalar. */
  readonly scale: Tensor;
}

// Keeps the scale finite where all labeled pixels have a weight of 0.
const smallest = 1e-30;

/** Returns the weighting of a batch; null without class weights. */
export function classWeightingOf(
  classWeights: Tensor | null | undefined,
  {
    labelsNHW,
    validNHW,
    totals,
  }: { readonly labelsNHW: Tensor; readonly validNHW: Tensor; readonly totals: LabelTotals },
): ClassWeighting | null {
  if (!classWeights || totals.classWeight === null) return null;
  const scale = totals.labeled.div(totals.classWeight.clamp({ min: smallest }));
  return { classWeights, factorsNHW: labelWeights(classWeights, labelsNHW, validNHW).mul(scale), scale };
}

/** Returns losses [N,H,W] with the weights of their classes; a loss that weighs classes itself has them already. */
export function withClassWeights(
  lossesNHW: Tensor,
  weighting: ClassWeighting | null,
  { weighsClasses = false }: Pick<PixelLoss, 'weighsClasses'> = {},
): Tensor {
  if (weighting === null) return lossesNHW;
  return lossesNHW.mul(weighsClasses ? weighting.scale : weighting.factorsNHW);
}
