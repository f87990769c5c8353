/** Names the part of a process group by which losses, weights and scores are combined over processes. */

import type { Tensor } from '../torch/index.js';

/**
 * Combines tensors over all ranks of a process group; `ProcessGroup` implements it. Every rank must call the same
 * methods in the same order, with tensors of the same shape.
 */
export interface Collectives {
  /** Is the rank of this process, from 0 to `worldSize` − 1. */
  readonly rank: number;
  /** Counts the processes. */
  readonly worldSize: number;
  /** Replaces the tensor by its sum over all ranks, in place. */
  allReduce_(tensor: Tensor): void;
  /**
   * Returns the sum of the tensor over all ranks. Its backward pass sums the gradients of all ranks, so every rank must
   * run backward through it.
   */
  sumOverRanks(tensor: Tensor): Tensor;
}
