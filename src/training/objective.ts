/**
 * Computes what a step minimizes: the weighted loss of Eq. 9, or the plain mean loss without a reweighter.
 *
 * With several processes a step descends the mean of their objectives. Where norms are global, each process takes its part
 * of the mean over all pixels, times the number of processes, so that the mean over processes equals the objective of one
 * process with the whole batch.
 */

import { ignoreIndex } from '../data/index.js';
import type { Collectives } from '../distributed/index.js';
import { type Reduction, reduceLosses } from '../losses/index.js';
import type { Tensor } from '../torch/index.js';
import { auxiliaryLossesOf, type PixelMapsInput, pixelMapsOf } from './pixel-maps.js';
import type { StepLosses, TrainingComponents } from './training-components.js';

/**
 * Returns the losses of a batch as scalars. `objective` is Q = Σ w′·l of Eq. 9 in the joint phase, and the plain mean plus
 * Q over detached losses in the isolated phase (section 4.2), each with the auxiliary head's share added. The maps of the
 * heads may have any resolution; they are resized to that of the labels.
 */
export function objectiveOf(components: TrainingComponents, input: PixelMapsInput): StepLosses {
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
 * Returns the mean of [N,H,W] losses over this process's pixels. With `normProcessGroup` it returns this process's part of
 * the mean over all processes' pixels, times their number. For the reduction `all`, which counts ignored pixels too, both
 * are equal, because all processes have batches of one size.
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
