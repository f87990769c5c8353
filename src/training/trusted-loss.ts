/**
 * Adds what is learned from trusted labels to the objective: points and clean labels, each with a share of its own. Their
 * pixels count alike, whatever reweighter weighs the others.
 */

import { ignoreIndex } from '../data/index.js';
import type { Tensor } from '../torch/index.js';
import { classWeightingOf, withClassWeights } from './class-weighting.js';
import { type LabelTotals, labelTotals, meanLoss } from './label-totals.js';
import { auxiliaryLossesOf, type PixelMapsInput, pixelMapsOf } from './pixel-maps.js';
import type { StepBatch, TrainingComponents, TrustedLabels } from './training-components.js';

/** Holds what trusted labels add to an objective. */
export interface TrustedLoss {
  /** Is the objective with the shares of the trusted labels in it. */
  readonly objective: Tensor;
  /** Is the mean loss of the trusted labels by their shares. */
  readonly trusted: Tensor;
}

/**
 * Returns the totals of the trusted labels of a batch. They are over all processes and parts, so that a part without any
 * trusted pixel loses nothing.
 */
export function trustedTotals(
  components: TrainingComponents,
  { trusted = [] }: Pick<StepBatch, 'trusted'>,
  { partCount = 1 }: { readonly partCount?: number } = {},
): LabelTotals[] {
  const spanning = { ...components, normScope: 'global' } as const;
  return trusted.map(({ labelsNHW }) => labelTotals(spanning, labelsNHW, { partCount }));
}

/**
 * Returns (1 − Σ s_i) · objective + Σ s_i · m_i, where m_i is the mean loss of the pixels that the i-th labels name, with
 * the share of the auxiliary head, and s_i their share, which is 0 in a step without such a pixel.
 */
export function withTrustedLoss(
  components: TrainingComponents,
  {
    objective,
    trusted,
    totals,
    ...maps
  }: Omit<PixelMapsInput, 'weighting'> & {
    readonly objective: Tensor;
    readonly trusted: readonly TrustedLabels[];
    readonly totals: readonly LabelTotals[];
  },
): TrustedLoss {
  const { classWeights, auxiliaryWeight } = components;
  const parts = trusted.map(({ labelsNHW, share }, place) => {
    const own = totals[place] as LabelTotals;
    const validNHW = labelsNHW.ne(ignoreIndex);
    const weighting = classWeightingOf(classWeights, { labelsNHW, validNHW, totals: own });
    const batch = { ...maps.batch, labelsNHW };
    // The plain loss needs no confidence.
    const plain = { ...components, reweighter: null };
    const { lossesNHW } = pixelMapsOf(plain, { ...maps, batch, weighting });
    let loss = meanLoss(lossesNHW, own, { validNHW });
    if (maps.auxiliaryLogitsNCHW !== null) {
      const auxiliary = withClassWeights(auxiliaryLossesOf(maps.auxiliaryLogitsNCHW, labelsNHW), weighting);
      loss = loss.add(meanLoss(auxiliary, own, { validNHW }), { alpha: auxiliaryWeight });
    }
    return { loss, share: own.labeled.gt(0).to({ dtype: 'float32' }).mul(share) };
  });
  const sum = (tensors: readonly Tensor[]) => tensors.reduce((all, tensor) => all.add(tensor));
  const losses = sum(parts.map(({ loss, share }) => loss.mul(share)));
  const shares = sum(parts.map(({ share }) => share));
  return {
    objective: objective.mul(shares.neg().add(1)).add(losses),
    trusted: losses.detach().div(shares.clamp({ min: Number.EPSILON })),
  };
}

/**
 * Returns the labels of a batch with the trusted ones among them, and with those which the pixel loss leaves to a loss of
 * regions, for losses that take a whole map.
 */
export function allLabels({
  labelsNHW,
  regionLabelsNHW = labelsNHW,
  trusted = [],
}: Pick<StepBatch, 'labelsNHW' | 'regionLabelsNHW' | 'trusted'>): Tensor {
  return trusted.reduce(
    (all, { labelsNHW: known }) => known.where(known.ne(ignoreIndex), all),
    regionLabelsNHW,
  );
}
