/**
 * Normalizes a weight map twice (paper, section 4.2): by its p-norm, under which ARM climbs the objective, and by its
 * L1 norm, so that Σ w·l keeps the size of a mean loss. The second carries no gradient. With gradient, the two
 * together would be w / ‖w‖₁, whose maximum puts all weight on one pixel (section 3.4, Eq. 11).
 */

import { z } from 'zod';
import { ops, type Tensor } from '../torch/index.js';
import { constants, selectKernel } from '../torch/internal.js';

/** Selects the order p of the norm of a weight map. */
export type NormOrder = 1 | 2 | 3;

const defaultOrder = 2;

/** Accepts the order of the norm in a config. */
export const normOrderOption = z
  .literal([1, 2, 3])
  .default(defaultOrder)
  .describe('Order of the norm of the weights. 1 puts all weight on the hardest pixels (Table 2).');

// Keeps the derivative of a root finite at 0; below the p-norm of the floor of one pixel.
const smallest = 1e-37;

/** Configures `normalizeWeights`. */
export interface NormalizeOptions {
  readonly p?: NormOrder;
  /** Sums a tensor over all processes, with gradient; the weights then sum to 1 over the pixels of all of them. */
  readonly sumOverRanks?: ((sums: Tensor) => Tensor) | undefined;
}

/**
 * Returns the weights divided by their p-norm and then, without gradient, by their sum.
 *
 * @param weightsNHW W(v̂) ≥ 0, [N,H,W] float32
 * @param validNHW [N,H,W] bool, true for labeled pixels
 * @returns [N,H,W]: sums to 1 over the valid pixels, 0 elsewhere; all 0 when no pixel is valid
 */
export function normalizeWeights(
  weightsNHW: Tensor,
  validNHW: Tensor,
  { p = defaultOrder, sumOverRanks }: NormalizeOptions = {},
): Tensor {
  return selectKernel('normalizeWeights', {
    inputs: [weightsNHW],
    when: sumOverRanks === undefined,
    fused: () => ops.normalizeWeights(weightsNHW, validNHW, p),
    stock: () => normalizeStock(weightsNHW, validNHW, { p, sumOverRanks }),
  });
}

function normalizeStock(
  weightsNHW: Tensor,
  validNHW: Tensor,
  { p, sumOverRanks = (sums) => sums }: NormalizeOptions & { readonly p: NormOrder },
): Tensor {
  const masked = weightsNHW.add(constants.weightFloor).mul(validNHW);
  // 1 when no pixel is valid, else 0: both norms are then 1 in place of 0, and everything stays 0 instead of NaN.
  const empty = sumOverRanks(validNHW.sum()).eq(0).to({ dtype: 'float32' });
  const unit = masked.div(root(sumOverRanks(power(masked, p).sum()), p).add(empty));
  return unit.div(sumOverRanks(unit.detach().sum()).add(empty));
}

/** Returns w^p of non-negative weights. */
function power(weights: Tensor, p: NormOrder): Tensor {
  switch (p) {
    case 1:
      return weights;
    case 2:
      return weights.square();
    case 3:
      return weights.pow(3);
    default:
      return p satisfies never;
  }
}

/** Returns ‖w‖_p from the sum of w^p. */
function root(sum: Tensor, p: NormOrder): Tensor {
  const positive = sum.clamp({ min: smallest });
  switch (p) {
    case 1:
      return positive;
    case 2:
      return positive.sqrt();
    case 3:
      return positive.pow(1 / 3);
    default:
      return p satisfies never;
  }
}
