/** Gradients that a strategy takes by itself, beside the step's own, made the same on all ranks. */

import { cat, noGrad, type Tensor, tidy } from '../torch/index.js';
import type { Ranks } from './ranks.js';

/** In place: each tensor becomes the mean of all ranks' (null where none of them has one), in one collective. */
export function averageOverRanks(tensors: readonly (Tensor | null)[], ranks: Ranks): void {
  const present = tensors.filter((tensor) => tensor !== null);
  if (present.length === 0) return;
  noGrad(() =>
    tidy(() => {
      const flat = present.map((tensor) => tensor.reshape([-1]));
      const means = ranks.sumOverRanks(cat(flat, 0)).div(ranks.worldSize);
      let start = 0;
      for (const tensor of present) {
        tensor.copy_(means.narrow(0, start, tensor.numel).reshape(tensor.shape));
        start += tensor.numel;
      }
    }),
  );
}
