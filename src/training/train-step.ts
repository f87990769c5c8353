/**
 * One training step: the adversarial game of Eq. 9, and nothing else. Both players share one backward pass: the
 * network descends Q, the reweighter's parameters climb it (their optimizer group says `maximize`), and since the
 * confidence is detached neither sees through the other.
 */

import { ignoreIndex } from '../data/index.js';
import { crossEntropy, type PixelLoss, type Reduction, reduceLosses } from '../losses/index.js';
import type { Module } from '../nn/index.js';
import type { Sgd } from '../optim/index.js';
import type { Confidence, Reweighter, SampleOrigin } from '../reweighting/index.js';
import { autocast, scope, type Tensor } from '../torch/index.js';

/** `isolated`: the reweighter learns beside the network without touching it; `joint`: its weights count. */
export type Phase = 'isolated' | 'joint';

/** What a step needs of a network; a `Segmentor` is one. */
export interface TrainableModel extends Module {
  /** imagesNCHW to logits at label resolution, those of an auxiliary head, and what extra heads predict. */
  forward(imagesNCHW: Tensor): {
    readonly logitsNCHW: Tensor;
    readonly auxiliaryLogitsNCHW: Tensor | null;
    readonly extraHeads?: Readonly<Record<string, Tensor>>;
  };
}

export interface Players {
  readonly model: TrainableModel;
  readonly optimizer: Sgd;
  readonly pixelLoss: PixelLoss;
  readonly confidence: Confidence;
  /** Null trains on the plain reduced loss. */
  readonly reweighter: Reweighter | null;
  readonly reduction: Reduction;
  /** Share of the auxiliary head's plain mean cross-entropy; its likelihoods are not the main head's. */
  readonly auxiliaryWeight: number;
}

export interface StepBatch {
  /** [N,3,H,W] float32, normalised. */
  readonly imagesNCHW: Tensor;
  /** [N,H,W] int64 with 255 where ignored. */
  readonly labelsNHW: Tensor;
  /** Which part of which training image each image is. */
  readonly origins?: readonly SampleOrigin[];
}

export interface StepOptions {
  readonly phase: Phase;
  readonly precision: 'float32' | 'bfloat16';
  /** Called between backward and the optimizer's step: clipping, or a look at the gradients. */
  readonly beforeUpdate?: () => void;
}

/** Scalars without gradient, the caller's to dispose. Reading one makes the host wait for the device. */
export interface StepLosses {
  /** What was minimised. */
  readonly objective: Tensor;
  /** The plain reduced loss of the main head. */
  readonly main: Tensor;
  /** Q = Σ w'·l; null without a reweighter. */
  readonly weighted: Tensor | null;
  readonly auxiliary: Tensor | null;
}

export function trainStep(players: Players, batch: StepBatch, options: StepOptions): StepLosses {
  const { model, optimizer } = players;
  using step = scope();
  optimizer.zeroGrad();
  const output = forward(model, batch.imagesNCHW, options.precision);
  const losses = objectiveOf(players, { ...output, batch, phase: options.phase });
  losses.objective.backward();
  options.beforeUpdate?.();
  optimizer.step();
  const keep = (loss: Tensor) => step.keep(loss.detach());
  return {
    objective: keep(losses.objective),
    main: keep(losses.main),
    weighted: losses.weighted && keep(losses.weighted),
    auxiliary: losses.auxiliary && keep(losses.auxiliary),
  };
}

function forward(model: TrainableModel, imagesNCHW: Tensor, precision: 'float32' | 'bfloat16') {
  if (precision === 'float32') return model.forward(imagesNCHW);
  return autocast({ device: imagesNCHW.device, dtype: 'bfloat16' }, () => model.forward(imagesNCHW));
}

interface ObjectiveInput extends ReturnType<TrainableModel['forward']> {
  readonly batch: StepBatch;
  readonly phase: Phase;
}

function objectiveOf(players: Players, input: ObjectiveInput): StepLosses {
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
