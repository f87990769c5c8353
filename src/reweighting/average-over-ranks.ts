/** Averages gradients that a strategy computes beside the step's own, so that all ranks have the same. */

import type { Collectives } from '../distributed/index.js';
import { cat, noGrad, type Tensor, tidy } from '../torch/index.js';

/**
 * Replaces each tensor, in place, by its mean over all ranks, in one collective. A null is skipped, and has to be
 * null on every rank.
 */
export function averageOverRanks(tensors: readonly (Tensor | null)[], processGroup: Collectives): void {
  const present = tensors.filter((tensor) => tensor !== null);
  if (present.length === 0) return;
  noGrad(() =>
    tidy(() => {
      const flat = present.map((tensor) => tensor.reshape([-1]));
      const means = processGroup.sumOverRanks(cat(flat, 0)).div(processGroup.worldSize);
      let start = 0;
      for (const tensor of present) {
        tensor.copy_(means.narrow(0, start, tensor.numel).reshape(tensor.shape));
        start += tensor.numel;
      }
    }),
  );
}
