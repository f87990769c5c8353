/** The processes that train together, each on its part of every batch; for strategies with a memory. */

import type { Tensor } from '../torch/index.js';

export interface Ranks {
  readonly rank: number;
  readonly worldSize: number;
  /** The sum of all ranks' tensors, whose backward sums their gradients. Every rank must call it. */
  sumOverRanks(tensor: Tensor): Tensor;
}
