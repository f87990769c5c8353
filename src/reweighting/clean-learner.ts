/** What a strategy that learns from a small clean set does before each step of the network, and what it is given. */

import type { Collectives } from '../distributed/index.js';
import type { Parameter } from '../nn/index.js';
import type { Tensor } from '../torch/index.js';

/** The next step of the network, to be tried out. */
export interface CleanStep {
  /** Those of the network; the learner may move them, and puts them back. */
  readonly parameters: readonly Parameter[];
  /** Of the step to come. */
  readonly learningRate: number;
  /**
   * A forward pass over the batch with the parameters as they are now: l_i, [N,H,W] float32 with gradient, and the
   * labeled pixels. Every call draws the same dropout masks, and leaves no trace in the network's state.
   */
  losses(): { readonly lossesNHW: Tensor; readonly validNHW: Tensor };
  /** The mean loss of a clean batch with the parameters as they are now: a scalar with gradient. */
  cleanLoss(): Tensor;
  /**
   * Where several processes train, each on its part of the batch and of the clean one: the objective is the mean of
   * theirs, and what is learned from it has to be the same in all.
   */
  readonly processGroup?: Collectives;
  /** As a reweighter is given it: where weights are normalized over the pixels of all ranks. */
  readonly sumOverRanks?: (sums: Tensor) => Tensor;
}

export interface CleanLearner {
  /** Leaves the parameters as they were, without gradients. */
  learn(step: CleanStep): void;
}
