/** What an evaluation needs of the processes that share its images; a process group is one. */
import type { Tensor } from '../torch/index.js';

export interface EvaluationRanks {
  /** Place of this process among all, from 0. */
  readonly rank: number;
  readonly worldSize: number;
  /** Replaces the tensor by the sum over all processes, in each of them. */
  allReduce_(tensor: Tensor): void;
}
