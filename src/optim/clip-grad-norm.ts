/** Bounds the size of a step: gradients are scaled down together when their common L2 norm is above a maximum. */
import type { Parameter } from '../nn/index.js';
import { noGrad, ops, stack, type Tensor, tensorFrom, tidy } from '../torch/index.js';
import { constants, selectKernel } from '../torch/internal.js';

/**
 * Scales all gradients by min(1, maximum / (norm + 1e-6)), as `torch.nn.utils.clip_grad_norm_` does.
 *
 * @returns the norm before clipping, a tensor of no dimensions: reading it is left to the caller, because it makes the
 *   host wait for the device
 */
export function clipGradNorm(parameters: readonly Parameter[], maximum: number): Tensor {
  return noGrad(() =>
    tidy(() => {
      const gradients = parameters.flatMap(({ grad }) => (grad === null ? [] : [grad]));
      if (gradients.length === 0) return tensorFrom([0], { dtype: 'float32', shape: [] });
      return selectKernel('clipGradNorm', {
        inputs: gradients,
        fused: () => ops.clipGradNorm_(gradients, maximum),
        stock: () => clipStock(gradients, maximum),
      });
    }),
  );
}

function clipStock(gradients: readonly Tensor[], maximum: number): Tensor {
  const norm = stack(
    gradients.map((gradient) => gradient.norm()),
    0,
  ).norm();
  const factor = norm.add(constants.clipEpsilon).reciprocal().mul(maximum).clamp({ max: 1 });
  for (const gradient of gradients) gradient.mul_(factor);
  return norm;
}
