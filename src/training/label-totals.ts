/**
 * Sums what the labels of a batch hold, over the pixels that a step takes its means over: those of one process and part, or
 * those of the whole batch. They need no network, so they are known before the first part is computed.
 */

import { ignoreIndex } from '../data/index.js';
import type { Collectives } from '../distributed/index.js';
import { labelWeights, type Reduction, reduceLosses } from '../losses/index.js';
import type { Tensor } from '../torch/index.js';
import type { TrainingComponents } from './training-components.js';

/** Holds sums over the labels that a mean is taken over. */
export interface LabelTotals {
  /** Counts the labeled pixels. */
  readonly labeled: Tensor;
  /** Sums the class weights of the labeled pixels; null without class weights. */
  readonly classWeight: Tensor | null;
  /** Counts the processes times the parts over which these are sums; 1 for the pixels of one part alone. */
  readonly shares: number;
}

type MeanComponents = Pick<TrainingComponents, 'classWeights' | 'normScope' | 'processGroup' | 'reweighter'>;

/** Returns whether means are over the whole batch: where the config says so, and for a reweighter that looks at all of it. */
export function meansSpanBatch({ normScope, reweighter }: MeanComponents): boolean {
  return normScope === 'global' || Boolean(reweighter?.surveyParts);
}

/** Returns the processes over whose pixels means are taken; null where each takes its own. */
export function meanProcessGroup(components: MeanComponents): Collectives | null {
  return (meansSpanBatch(components) && components.processGroup) || null;
}

/** Returns the totals of labels [N,H,W] of one process, of all of its parts where `partCount` is above 1. */
export function labelTotals(
  components: MeanComponents,
  labelsNHW: Tensor,
  { partCount = 1 }: { readonly partCount?: number } = {},
): LabelTotals {
  const processGroup = meanProcessGroup(components);
  const total = (sum: Tensor) => processGroup?.sumOverRanks(sum) ?? sum;
  const validNHW = labelsNHW.ne(ignoreIndex);
  const { classWeights } = components;
  return {
    labeled: total(validNHW.sum()),
    classWeight: classWeights ? total(labelWeights(classWeights, labelsNHW, validNHW).sum()) : null,
    shares: partCount * (processGroup?.worldSize ?? 1),
  };
}

/**
 * Returns the mean of [N,H,W] losses over the labeled pixels of one part. Where the totals are those of several shares it
 * returns this part's share of the mean over all, times their number. For the reduction `all`, which counts ignored pixels
 * too, both are equal, because all parts have one size.
 */
export function meanLoss(
  lossesNHW: Tensor,
  { labeled, shares }: LabelTotals,
  { reduction = 'valid', validNHW }: { readonly reduction?: Reduction; readonly validNHW: Tensor },
): Tensor {
  if (shares === 1 || reduction === 'all') return reduceLosses(lossesNHW, validNHW, reduction);
  return lossesNHW
    .sum()
    .mul(shares)
    .div(labeled.clamp({ min: 1 }));
}
