/** Describes what a training step works on: network, reweighter, losses, optimizer and batch. */

import type { Normalization } from '../data/index.js';
import type { Collectives } from '../distributed/index.js';
import type { PixelLoss, Reduction, RegionLoss, RegionLossNeed } from '../losses/index.js';
import type { Module } from '../nn/index.js';
import type { Optimizer } from '../optim/index.js';
import type { Confidence, LabelCorrection, Reweighter, SampleOrigin } from '../reweighting/index.js';
import type { Generator, Tensor } from '../torch/index.js';

/**
 * Names the phase of a step (section 4.2). In the `isolated` phase the network learns from the plain mean loss and the
 * reweighter learns beside it; in the `joint` phase the reweighter's weights count.
 */
export type Phase = 'isolated' | 'joint';

/** Holds what a network predicts: logits [N,C,H,W], those of an auxiliary head, and maps of extra heads by name. */
export interface TrainableOutput {
  readonly logitsNCHW: Tensor;
  readonly auxiliaryLogitsNCHW: Tensor | null;
  readonly extraHeads?: Readonly<Record<string, Tensor>>;
}

/** Describes what a step needs of a network; a `Segmentor` is one. */
export interface TrainableModel extends Module {
  /** Returns maps at the resolution of the images [N,3,H,W]. */
  forward(imagesNCHW: Tensor): TrainableOutput;
  /** Returns the same maps at the resolution of the heads, for networks that can; the step resizes them. */
  forwardLogits?(imagesNCHW: Tensor): TrainableOutput;
  /** Returns the maps of the patches beside a batch, for networks whose `forward` reads single pixels. */
  forwardPatches?(patchesNCHW: Tensor): TrainableOutput;
  /** Returns strongly changed features, for networks that read features in place of images. */
  changeFeatures?(featuresNCHW: Tensor, generator: Generator): Tensor;
}

/** Holds everything that a training step changes or computes with. */
export interface TrainingComponents {
  readonly model: TrainableModel;
  readonly optimizer: Optimizer;
  readonly pixelLoss: PixelLoss;
  readonly confidence: Confidence;
  /** Weights pixels; null trains on the plain reduced loss. */
  readonly reweighter: Reweighter | null;
  /** Replaces labels that are probably wrong; null or absent learns from the labels as they are. */
  readonly correction?: LabelCorrection | null;
  /** Says over which pixels the plain loss is averaged. */
  readonly reduction: Reduction;
  /** Gives the factor of the auxiliary head's mean cross-entropy in the objective. */
  readonly auxiliaryWeight: number;
  /** Connects processes that train together, each on its part of a batch; the objective is the mean of theirs. */
  readonly processGroup?: Collectives | null;
  /** Says over whose pixels means and norms are taken: each rank's own (the default), or those of all ranks. */
  readonly normScope?: 'rank' | 'global';
  /** Weighs the losses by the class of the label, [C] float32; null or absent weighs all classes alike. */
  readonly classWeights?: Tensor | null;
  /** Lists losses of regions that are added to the objective. */
  readonly regionLosses?: readonly WeightedRegionLoss[];
  /** Holds the classes that the labels of each training image have, [images, C] bool; for losses that need `candidates`. */
  readonly imageClasses?: Tensor | null;
  /** Gives the factor of the pixel loss, weighted or plain, in the objective; 1 by default. */
  readonly pixelLossWeight?: number;
  /**
   * Predicts what the moving average of the network predicts. It is frozen and in evaluation mode; its caller updates it
   * after each step. Null or absent where nothing is averaged.
   */
  readonly teacher?: TrainableModel | null;
  /** Holds how often the teacher predicts each class; for losses that need `frequencies`. */
  readonly frequencies?: ClassFrequencies | null;
  /** Says how images were normalized, for losses that need strongly changed ones; ImageNet's by default. */
  readonly normalization?: Normalization;
  /** Draws the network's dropout masks and strongly changed images; without it, a reweighter that surveys all parts sees other masks than the step. */
  readonly generator?: Generator;
}

/** Holds how often the teacher predicts each class on pixels without a label, over past steps. */
export interface ClassFrequencies {
  /** Holds a number for each class, [C] float32, of the sum 1. */
  readonly values: Tensor;
  /** Gives the share of the numbers that is kept at each step. */
  readonly momentum: number;
}

/** Holds a loss of regions with its factor in the objective. */
export interface WeightedRegionLoss {
  readonly loss: RegionLoss;
  readonly weight: number;
  /** Names what the loss reads beside logits and labels; nothing by default. */
  readonly needs?: readonly RegionLossNeed[];
  /** Is true for a loss of pixels without a label, which a trainer may switch off; false by default. */
  readonly learnsUncovered?: boolean;
}

/** Holds labels that can be trusted, which have a share of the objective beside the others. */
export interface TrustedLabels {
  /** Holds class indices [N,H,W] int64, 255 where nothing is known. */
  readonly labelsNHW: Tensor;
  /** Gives the share of the objective, between 0 and 1. */
  readonly share: number;
}

/** Holds a batch on the device. */
export interface StepBatch {
  /** Holds normalized images [N,3,H,W] float32. */
  readonly imagesNCHW: Tensor;
  /** Holds class indices [N,H,W] int64, 255 where ignored. */
  readonly labelsNHW: Tensor;
  /** Says for each image which part of which training image it is. */
  readonly origins?: readonly SampleOrigin[];
  /** Holds the labels that losses of regions see, [N,H,W] int64, where they differ from those of the pixel loss. */
  readonly regionLabelsNHW?: Tensor;
  /** Holds colors from 0 to 1, [N,3,H,W] float32; given where a loss of regions needs them. */
  readonly colorsN3HW?: Tensor;
  /** Counts the pixels of the image as the network sees it between neighboring pixels of the batch; 1 by default. */
  readonly cellSize?: number;
  /** Holds patches of images for losses that need `layout`, where the batch is of single pixels. */
  readonly patches?: StepBatch;
  /** Lists labels that no reweighter weighs; where one of them knows a pixel, `labelsNHW` and the others are 255. */
  readonly trusted?: readonly TrustedLabels[];
}

/** Holds the losses of a step as scalars without gradient; the caller disposes them. Reading one waits for the device. */
export interface StepLosses {
  /** Is what the step descended. */
  readonly objective: Tensor;
  /** Gives the plain reduced loss of the main head. */
  readonly main: Tensor;
  /** Is Q = Σ w′·l; null without a reweighter. */
  readonly weighted: Tensor | null;
  /** Gives the sum of the losses of regions times their factors; null without any. */
  readonly region: Tensor | null;
  readonly auxiliary: Tensor | null;
  /** Gives the mean loss of the trusted labels by their shares; null where the batch has none. */
  readonly trusted: Tensor | null;
}
