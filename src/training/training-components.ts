/** Who plays and with what: the network, its reweighter, their losses and optimizer, and what one step is given. */

import type { Collectives } from '../distributed/index.js';
import type { PixelLoss, Reduction } from '../losses/index.js';
import type { Module } from '../nn/index.js';
import type { Optimizer } from '../optim/index.js';
import type { Confidence, Reweighter, SampleOrigin } from '../reweighting/index.js';
import type { Tensor } from '../torch/index.js';

/** `isolated`: the reweighter learns beside the network without touching it; `joint`: its weights count. */
export type Phase = 'isolated' | 'joint';

/** Logits, those of an auxiliary head, and what extra heads predict. */
export interface TrainableOutput {
  readonly logitsNCHW: Tensor;
  readonly auxiliaryLogitsNCHW: Tensor | null;
  readonly extraHeads?: Readonly<Record<string, Tensor>>;
}

/** What a step needs of a network; a `Segmentor` is one. */
export interface TrainableModel extends Module {
  /** imagesNCHW to maps at label resolution. */
  forward(imagesNCHW: Tensor): TrainableOutput;
  /** The same maps at the resolution of the heads, where a network can give them: the step resizes what it must. */
  forwardLogits?(imagesNCHW: Tensor): TrainableOutput;
}

export interface TrainingComponents {
  readonly model: TrainableModel;
  readonly optimizer: Optimizer;
  readonly pixelLoss: PixelLoss;
  readonly confidence: Confidence;
  /** Null trains on the plain reduced loss. */
  readonly reweighter: Reweighter | null;
  readonly reduction: Reduction;
  /** Share of the auxiliary head's plain mean cross-entropy; its likelihoods are not the main head's. */
  readonly auxiliaryWeight: number;
  /** Where several processes train, each on its part of a batch: the objective is the mean of theirs. */
  readonly processGroup?: Collectives | null;
  /** Whose pixels means and norms are taken over: each rank's own (the default), or all ranks'. */
  readonly normScope?: 'rank' | 'global';
}

export interface StepBatch {
  /** [N,3,H,W] float32, normalized. */
  readonly imagesNCHW: Tensor;
  /** [N,H,W] int64 with 255 where ignored. */
  readonly labelsNHW: Tensor;
  /** Which part of which training image each image is. */
  readonly origins?: readonly SampleOrigin[];
}

/** Scalars without gradient, the caller's to dispose. Reading one makes the host wait for the device. */
export interface StepLosses {
  /** What was minimized. */
  readonly objective: Tensor;
  /** The plain reduced loss of the main head. */
  readonly main: Tensor;
  /** Q = Σ w'·l; null without a reweighter. */
  readonly weighted: Tensor | null;
  readonly auxiliary: Tensor | null;
}
