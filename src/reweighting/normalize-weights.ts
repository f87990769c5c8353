/**
 * The double normalization of a weight map (paper, section 4.2): first by its p-norm, which is what the module climbs
 * on, then by its L1 norm, so that Σ w·l keeps the size of a mean loss. The second carries no gradient: with it, the
 * two together would be w / ‖w‖₁, whose maximum puts all weight on one pixel (section 3.4, Eq. 11).
 */

import { OperationError } from '../errors/index.js';
import { ops, type Tensor } from '../torch/index.js';
import { kernels } from '../torch/internal.js';

export type NormOrder = 1 | 2 | 3;

// Added to every valid weight: below the last digit of any real weight, yet weights that are all 0 become uniform.
const floor = 1e-12;
// Keeps the derivative of a root finite at 0; below ‖floor‖ of a single pixel.
const smallest = 1e-37;

export interface NormalizeOptions {
  readonly p?: NormOrder;
  /** Takes sums over the pixels of all processes, with gradient; the weights then sum to 1 over all of them. */
  readonly sumOverRanks?: ((sums: Tensor) => Tensor) | undefined;
}

/**
 * @param weightsNHW W(v̂) ≥ 0, [N,H,W] float32
 * @param validNHW [N,H,W] bool
 * @returns [N,H,W]: sums to 1 over the valid pixels, 0 elsewhere; all 0 when no pixel is valid
 */
export function normalizeWeights(
  weightsNHW: Tensor,
  validNHW: Tensor,
  { p = 2, sumOverRanks }: NormalizeOptions = {},
): Tensor {
  return kernels() === 'fused' && !sumOverRanks
    ? ops.normaliseWeights(weightsNHW, validNHW, p)
    : composed(weightsNHW, validNHW, { p, sumOverRanks });
}

/** The same by the engine's operators. */
function composed(
  weightsNHW: Tensor,
  validNHW: Tensor,
  { p = 2, sumOverRanks = (sums) => sums }: NormalizeOptions,
): Tensor {
  const masked = weightsNHW.add(floor).mul(validNHW);
  // 1 when no pixel is valid, else 0: both norms are then 1 in place of 0, and everything stays 0 instead of NaN.
  const empty = sumOverRanks(validNHW.sum()).eq(0).to({ dtype: 'float32' });
  const unit = masked.div(root(sumOverRanks(power(masked, p).sum()), p).add(empty));
  return unit.div(sumOverRanks(unit.detach().sum()).add(empty));
}

/** @throws OperationError naming the operation when p is not 1, 2 or 3 */
export function expectNormOrder(operation: string, p: number): void {
  if (p !== 1 && p !== 2 && p !== 3)
    throw new OperationError(`${operation}: expected p = 1, 2 or 3, received ${p}`);
}

/** w^p of non-negative weights. */
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

/** ‖w‖_p from the sum of w^p. */
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
