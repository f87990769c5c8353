/** Defines how a strategy learns from a small clean set before each step of the network. */

import type { Collectives } from '../distributed/index.js';
import type { Parameter } from '../nn/index.js';
import type { Tensor } from '../torch/index.js';

/** Describes the next step of the network, for a learner to try out. */
export interface CleanStep {
  /** The network's parameters. The learner may change them, and restores them. */
  readonly parameters: readonly Parameter[];
  /** Learning rate of the step to come. */
  readonly learningRate: number;
  /**
   * Runs a forward pass over the batch with the parameters as they are now, and returns the losses l_i, [N,H,W]
   * float32 with gradient, and the labeled pixels, [N,H,W] bool. Every call draws the same dropout masks and leaves
   * the network's buffers unchanged.
   */
  losses(): { readonly lossesNHW: Tensor; readonly validNHW: Tensor };
  /** Returns the mean loss of a clean batch with the parameters as they are now: a scalar with gradient. */
  cleanLoss(): Tensor;
  /**
   * The processes that train together, each on its part of the batch and of the clean batch. The objective is the
   * mean of theirs, and what is learned has to be the same in all.
   */
  readonly processGroup?: Collectives;
  /** Sums a tensor over all processes where weights are normalized over the pixels of all; otherwise absent. */
  readonly sumOverRanks?: (sums: Tensor) => Tensor;
}

/** Learns from clean batches. */
export interface CleanLearner {
  /** Learns from one clean batch. Leaves the network's parameters as they were, without gradients. */
  learn(step: CleanStep): void;
}
