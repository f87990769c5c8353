/** What a step minimises: the weighted loss of Eq. 9, or the plain mean where no weights count. */

import { ignoreIndex } from '../data/index.js';
import { crossEntropy, reduceLosses } from '../losses/index.js';
import type { Tensor } from '../torch/index.js';
import type { Phase, Players, StepBatch, StepLosses, TrainableModel } from './players.js';

export interface ObjectiveInput extends ReturnType<TrainableModel['forward']> {
  readonly batch: StepBatch;
  readonly phase: Phase;
}

export function objectiveOf(players: Players, input: ObjectiveInput): StepLosses {
  const { pixelLoss, reweighter, confidence, reduction, auxiliaryWeight } = players;
  const { logitsNCHW, auxiliaryLogitsNCHW, extraHeads = {}, batch, phase } = input;
  const { labelsNHW, origins } = batch;
  const validNHW = labelsNHW.ne(ignoreIndex);
  const lossesNHW = pixelLoss(logitsNCHW, labelsNHW, { extraHeads });
  const main = reduceLosses(lossesNHW, validNHW, reduction);

  let objective = main;
  let weighted: Tensor | null = null;
  if (reweighter) {
    const detached = lossesNHW.detach();
    const weightsNHW = reweighter.weigh({
      confidenceNHW: confidence(logitsNCHW, { extraHeads, ...(phase === 'isolated' && { detach: true }) }),
      lossesNHW: detached,
      validNHW,
      logitsNCHW: logitsNCHW.detach(),
      labelsNHW,
      ...(origins && { origins }),
    });
    weighted = weightsNHW.mul(phase === 'joint' ? lossesNHW : detached).sum();
    objective = phase === 'joint' ? weighted : main.add(weighted);
  }

  if (auxiliaryLogitsNCHW === null) return { objective, main, weighted, auxiliary: null };
  const auxiliary = reduceLosses(crossEntropy(auxiliaryLogitsNCHW, labelsNHW), validNHW, reduction);
  return { objective: objective.add(auxiliary, { alpha: auxiliaryWeight }), main, weighted, auxiliary };
}
