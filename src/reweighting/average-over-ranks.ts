/** Gradients that a strategy takes by itself, beside the step's own, made the same on all ranks. */

import type { Collectives } from '../distributed/index.js';
import { cat, noGrad, type Tensor, tidy } from '../torch/index.js';

/** In place: each tensor becomes the mean of all ranks' (null where none of them has one), in one collective. */
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
