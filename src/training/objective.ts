/**
 * Computes what a step minimizes: the weighted loss of Eq. 9, or the plain mean loss without a reweighter.
 *
 * With several processes a step descends the mean of their objectives. Where norms are global, each process takes its part
 * of the mean over all pixels, times the number of processes, so that the mean over processes equals the objective of one
 * process with the whole batch. The same holds for the parts of a batch.
 */

import { ignoreIndex } from '../data/index.js';
import { resizeBilinear } from '../nn/index.js';
import { agreement, type PartWeigher, type ReweighterInput } from '../reweighting/index.js';
import type { Tensor } from '../torch/index.js';
import { classWeightingOf, withClassWeights } from './class-weighting.js';
import { correctedBatch } from './corrected-batch.js';
import { type LabelTotals, labelTotals, meanLoss, meanProcessGroup } from './label-totals.js';
import { auxiliaryLossesOf, type PixelMaps, type PixelMapsInput, pixelMapsOf } from './pixel-maps.js';
import { type RegionMaps, regionLossOf } from './region-losses.js';
import type { StepLosses, TrainingComponents } from './training-components.js';
import { trustedTotals, withTrustedLoss } from './trusted-loss.js';

/** Holds the maps of the heads for a part of a batch, and what is known of the whole batch. */
export interface ObjectiveInput extends Omit<PixelMapsInput, 'weighting'> {
  /** Gives the totals of all parts where means are over the whole batch; by default those of this part. */
  readonly totals?: LabelTotals;
  /** Gives the totals of the trusted labels over all parts and processes; by default this is the only part. */
  readonly trustedTotals?: readonly LabelTotals[];
  /** Holds what the moving average of the network predicts, [N,C,h,w]; absent where no part of the objective reads it. */
  readonly teacherLogitsNCHW?: Tensor | null;
  /** Weighs this part as a part of the whole batch; by default the reweighter weighs it by itself. */
  readonly weigh?: PartWeigher;
  /** Holds maps of pixels in their arrangement, for losses of regions that need them; by default those of the batch. */
  readonly layout?: RegionMaps;
  /** Holds maps of a strongly changed version of these, for losses of regions that need it. */
  readonly strong?: RegionMaps;
  /** Gives the share of the run's steps that were taken. */
  readonly progress?: number;
}

/**
 * Returns the losses of a batch as scalars. `objective` is Q = Σ w′·l of Eq. 9 in the joint phase, and the plain mean plus
 * Q over detached losses in the isolated phase (section 4.2), each with the losses of regions and the auxiliary head's
 * share added. Trusted labels take their shares of all that. The maps of the heads may have any resolution; they are resized to that of the labels. A logit that is not
 * finite makes the objective NaN also where its pixel is ignored, because its gradient would be NaN all the same.
 */
export function objectiveOf(components: TrainingComponents, given: ObjectiveInput): StepLosses {
  const input = { ...given, batch: correctedBatch(components, given) };
  const { reweighter, reduction, auxiliaryWeight, pixelLossWeight = 1 } = components;
  const { auxiliaryLogitsNCHW, batch, phase } = input;
  const { labelsNHW } = batch;
  const validNHW = labelsNHW.ne(ignoreIndex);
  const totals = input.totals ?? labelTotals(components, labelsNHW);
  const weighting = classWeightingOf(components.classWeights, { labelsNHW, validNHW, totals });
  const maps = pixelMapsOf(components, { ...input, weighting });
  const { lossesNHW, confidenceNHW } = maps;
  const main = meanLoss(lossesNHW, totals, { reduction, validNHW });

  let objective = main;
  let weighted: Tensor | null = null;
  if (reweighter && confidenceNHW) {
    const weigh = input.weigh ?? ((part: ReweighterInput) => reweighter.weigh(part));
    const weightsNHW = weigh(reweighterInput(components, { ...maps, confidenceNHW }, input));
    weighted = weightsNHW.mul(phase === 'joint' ? lossesNHW : lossesNHW.detach()).sum();
    const { worldSize = 1 } = meanProcessGroup(components) ?? {};
    if (worldSize > 1) weighted = weighted.mul(worldSize);
    // Weights sum to 1 over labeled pixels; a mean over all pixels is smaller than one over these by their share.
    if (reduction === 'all') weighted = weighted.mul(totals.labeled.div(lossesNHW.numel * totals.shares));
    objective = phase === 'joint' ? weighted : main.add(weighted);
  }

  if (pixelLossWeight !== 1) objective = objective.mul(pixelLossWeight);
  const { layout, strong, progress } = input;
  const region = regionLossOf(components, { own: input, layout, strong, progress });
  if (region) objective = objective.add(region);
  let auxiliary: Tensor | null = null;
  if (auxiliaryLogitsNCHW !== null) {
    const auxiliaryNHW = withClassWeights(auxiliaryLossesOf(auxiliaryLogitsNCHW, labelsNHW), weighting);
    auxiliary = meanLoss(auxiliaryNHW, totals, { reduction, validNHW });
    objective = objective.add(auxiliary, { alpha: auxiliaryWeight });
  }
  let trusted: Tensor | null = null;
  if (batch.trusted !== undefined && batch.trusted.length > 0) {
    const totals = input.trustedTotals ?? trustedTotals(components, batch);
    ({ objective, trusted } = withTrustedLoss(components, {
      ...input,
      objective,
      trusted: batch.trusted,
      totals,
    }));
  }
  return { objective: objective.add(nothingWhereFinite(input)), main, weighted, region, auxiliary, trusted };
}

/** Returns what a reweighter is given for a part of a batch. */
export function reweighterInput(
  components: TrainingComponents,
  { lossesNHW, confidenceNHW, logitsNCHW }: PixelMaps & { readonly confidenceNHW: Tensor },
  { batch, teacherLogitsNCHW, progress }: Pick<ObjectiveInput, 'batch' | 'teacherLogitsNCHW' | 'progress'>,
): ReweighterInput {
  const { labelsNHW, origins } = batch;
  const { processGroup } = components;
  const means = meanProcessGroup(components);
  return {
    confidenceNHW,
    lossesNHW: lossesNHW.detach(),
    validNHW: labelsNHW.ne(ignoreIndex),
    labelsNHW,
    ...(logitsNCHW && { logitsNCHW }),
    ...(teacherLogitsNCHW && { agreementNHW: agreementWith(teacherLogitsNCHW, labelsNHW) }),
    ...(origins && { origins }),
    ...(progress !== undefined && { progress }),
    ...(processGroup && { processGroup }),
    ...(means && { sumOverRanks: (sums: Tensor) => means.sumOverRanks(sums) }),
  };
}

/** Returns how far the teacher's prediction, at any resolution, agrees with each label. */
function agreementWith(teacherLogitsNCHW: Tensor, labelsNHW: Tensor): Tensor {
  const [, height = 0, width = 0] = labelsNHW.shape;
  return agreement(resizeBilinear(teacherLogitsNCHW, [height, width]), labelsNHW, { ignoreIndex });
}

/**
 * Returns 0 where all maps of the heads have finite gradients, and otherwise NaN: infinity times 0 is NaN too. A logit of
 * −∞ is a likelihood of 0 and does no harm, except where resizing multiplies it by 0, so that only then it counts.
 */
function nothingWhereFinite(input: ObjectiveInput): Tensor {
  const { logitsNCHW, auxiliaryLogitsNCHW, extraHeads = {}, batch } = input;
  const size = String(batch.labelsNHW.shape.slice(1));
  const heads = [
    logitsNCHW,
    ...(auxiliaryLogitsNCHW ? [auxiliaryLogitsNCHW] : []),
    ...Object.values(extraHeads),
  ];
  return heads
    .map((map) => {
      const values = map.detach();
      const found = String(map.shape.slice(2)) === size ? values.max() : values.sum();
      return found.to({ dtype: 'float32' }).mul(0);
    })
    .reduce((sum, nothing) => sum.add(nothing));
}
