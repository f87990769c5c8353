/**
 * What a step minimizes: the weighted loss of Eq. 9, or the plain mean where no weights count.
 *
 * With several processes a step descends the mean of their objectives. Where norms are global, each takes its part of a
 * mean over all pixels times the number of processes, so that the mean is that of one process with the whole batch.
 */

import { ignoreIndex } from '../data/index.js';
import type { Collectives } from '../distributed/index.js';
import { type Reduction, reduceLosses } from '../losses/index.js';
import type { Tensor } from '../torch/index.js';
import { auxiliaryLossesOf, type PixelMapsInput, pixelMapsOf } from './pixel-maps.js';
import type { StepLosses, TrainingComponents } from './training-components.js';

/** The maps of the heads may have any resolution: they are brought to that of the labels. */
export type ObjectiveInput = PixelMapsInput;

export function objectiveOf(components: TrainingComponents, input: ObjectiveInput): StepLosses {
  const { reweighter, reduction, auxiliaryWeight, processGroup } = components;
  const normProcessGroup = components.normScope === 'global' ? processGroup : null;
  const { auxiliaryLogitsNCHW, batch, phase } = input;
  const { labelsNHW, origins } = batch;
  const validNHW = labelsNHW.ne(ignoreIndex);
  const { lossesNHW, confidenceNHW, logitsNCHW } = pixelMapsOf(components, input);
  const main = meanLoss(lossesNHW, validNHW, { reduction, normProcessGroup });

  let objective = main;
  let weighted: Tensor | null = null;
  if (reweighter && confidenceNHW) {
    const detached = lossesNHW.detach();
    const weightsNHW = reweighter.weigh({
      confidenceNHW,
      lossesNHW: detached,
      validNHW,
      labelsNHW,
      ...(logitsNCHW && { logitsNCHW }),
      ...(origins && { origins }),
      ...(processGroup && { processGroup }),
      ...(normProcessGroup && { sumOverRanks: (sums: Tensor) => normProcessGroup.sumOverRanks(sums) }),
    });
    const share = weightsNHW.mul(phase === 'joint' ? lossesNHW : detached).sum();
    weighted = normProcessGroup ? share.mul(normProcessGroup.worldSize) : share;
    objective = phase === 'joint' ? weighted : main.add(weighted);
  }

  if (auxiliaryLogitsNCHW === null) return { objective, main, weighted, auxiliary: null };
  const auxiliaryNHW = auxiliaryLossesOf(auxiliaryLogitsNCHW, labelsNHW);
  const auxiliary = meanLoss(auxiliaryNHW, validNHW, { reduction, normProcessGroup });
  return { objective: objective.add(auxiliary, { alpha: auxiliaryWeight }), main, weighted, auxiliary };
}

/**
 * The mean over this process's pixels; with `normProcessGroup` its part of the mean over all processes' pixels, times their
 * number. (Over every pixel, ignored ones too, the two are the same: all processes have batches of one size.)
 */
export function meanLoss(
  lossesNHW: Tensor,
  validNHW: Tensor,
  {
    reduction = 'valid',
    normProcessGroup,
  }: { readonly reduction?: Reduction; readonly normProcessGroup?: Collectives | null | undefined } = {},
): Tensor {
  if (!normProcessGroup || reduction === 'all') return reduceLosses(lossesNHW, validNHW, reduction);
  const count = normProcessGroup.sumOverRanks(validNHW.sum()).clamp({ min: 1 });
  return lossesNHW.sum().mul(normProcessGroup.worldSize).div(count);
}
