/** What a step minimises: the weighted loss of Eq. 9, or the plain mean where no weights count. */

import { ignoreIndex } from '../data/index.js';
import { reduceLosses } from '../losses/index.js';
import type { Tensor } from '../torch/index.js';
import { auxiliaryLossesOf, type PixelMapsInput, pixelMapsOf } from './pixel-maps.js';
import type { Players, StepLosses } from './players.js';

/** The maps of the heads may have any resolution: they are brought to that of the labels. */
export type ObjectiveInput = PixelMapsInput;

export function objectiveOf(players: Players, input: ObjectiveInput): StepLosses {
  const { reweighter, reduction, auxiliaryWeight } = players;
  const { auxiliaryLogitsNCHW, batch, phase } = input;
  const { labelsNHW, origins } = batch;
  const validNHW = labelsNHW.ne(ignoreIndex);
  const { lossesNHW, confidenceNHW, logitsNCHW } = pixelMapsOf(players, input);
  const main = reduceLosses(lossesNHW, validNHW, reduction);

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
    });
    weighted = weightsNHW.mul(phase === 'joint' ? lossesNHW : detached).sum();
    objective = phase === 'joint' ? weighted : main.add(weighted);
  }

  if (auxiliaryLogitsNCHW === null) return { objective, main, weighted, auxiliary: null };
  const auxiliary = reduceLosses(auxiliaryLossesOf(auxiliaryLogitsNCHW, labelsNHW), validNHW, reduction);
  return { objective: objective.add(auxiliary, { alpha: auxiliaryWeight }), main, weighted, auxiliary };
}
