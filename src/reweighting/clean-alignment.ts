/**
 * Computes what a little more weight on a pixel would do to the clean loss (Shu et al. 2019, Eq. 12 and 13). After
 * the virtual step θ̂ = θ − α ∇ Σ w_i l_i(θ), the derivative of L_clean(θ̂) by w_i is −α ⟨∇L_clean(θ̂), ∇l_i(θ)⟩. The
 * inner products of all pixels are one directional derivative, of the losses along g = ∇L_clean(θ̂), and that takes
 * two forward passes: (l_i(θ + εg) − l_i(θ − εg)) / 2ε. No gradient of a gradient is needed.
 */

import type { Parameter } from '../nn/index.js';
import { noGrad, type Tensor } from '../torch/index.js';
import { averageOverRanks } from './average-over-ranks.js';
import type { CleanStep } from './clean-learner.js';

/** Holds how each pixel's gradient agrees with that of the clean loss. */
export interface CleanAlignment {
  /** Losses l_i(θ), [N,H,W] float32, detached. */
  readonly lossesNHW: Tensor;
  /** Labeled pixels, [N,H,W] bool. */
  readonly validNHW: Tensor;
  /** ⟨∇L_clean(θ̂), ∇l_i(θ)⟩, [N,H,W] float32: above 0 where learning the pixel lowers the clean loss. */
  readonly alignmentNHW: Tensor;
}

/** Configures `cleanAlignment`. */
export interface CleanAlignmentOptions {
  /** Returns the weights w_i of the virtual step, [N,H,W] without gradient. */
  readonly weigh: (lossesNHW: Tensor, validNHW: Tensor) => Tensor;
  /**
   * Size ‖εg‖ / ‖θ‖ of the difference. In float32, at 1e-6, a ResNet-18 in its first steps gave sums of derivatives
   * within a tenth of autograd's. At 1e-3 batch normalization is no longer linear, and at 1e-7 rounding begins to
   * show.
   */
  readonly relativeStep?: number;
}

/**
 * Returns the losses of the batch and their alignment with the clean batch. Parameters end as they were, bit for bit,
 * and without gradients. The host waits for the device once.
 */
export function cleanAlignment(
  step: CleanStep,
  { weigh, relativeStep = 1e-6 }: CleanAlignmentOptions,
): CleanAlignment {
  const { parameters, learningRate } = step;
  const before = noGrad(() => parameters.map((parameter) => parameter.detach().clone()));
  try {
    const { lossesNHW: withGraph, validNHW } = step.losses();
    const lossesNHW = withGraph.detach();
    const weightsNHW = noGrad(() => weigh(lossesNHW, validNHW));
    const descent = gradients(weightsNHW.mul(withGraph).sum(), step);
    move(parameters, before, { along: descent, by: -learningRate });
    const direction = gradients(step.cleanLoss(), step);
    return noGrad(() => {
      const length = norm(direction);
      const by = (relativeStep * norm(before)) / length;
      // A zero gradient: no step would change the clean loss.
      if (!Number.isFinite(by)) return { lossesNHW, validNHW, alignmentNHW: lossesNHW.mul(0) };
      move(parameters, before, { along: direction, by });
      const ahead = step.losses().lossesNHW;
      move(parameters, before, { along: direction, by: -by });
      const behind = step.losses().lossesNHW;
      return { lossesNHW, validNHW, alignmentNHW: ahead.sub(behind).div(2 * by) };
    });
  } finally {
    move(parameters, before, { along: [], by: 0 });
  }
}

/** Returns the gradients of the loss, averaged over ranks; null for a parameter on which it does not depend. */
function gradients(loss: Tensor, { parameters, processGroup }: CleanStep): (Tensor | null)[] {
  for (const parameter of parameters) parameter.zeroGrad_();
  loss.backward();
  const found = parameters.map((parameter) => {
    const gradient = parameter.grad;
    parameter.zeroGrad_();
    return gradient;
  });
  if (processGroup) averageOverRanks(found, processGroup);
  return found;
}

/** Sets the parameters to `from` + `by` · `along`. */
function move(
  parameters: readonly Parameter[],
  from: readonly Tensor[],
  { along, by }: { readonly along: readonly (Tensor | null)[]; readonly by: number },
): void {
  noGrad(() => {
    for (const [place, parameter] of parameters.entries()) {
      parameter.copy_(from[place] as Tensor);
      const direction = along[place];
      if (direction) parameter.add_(direction, { alpha: by });
    }
  });
}

/** Returns ‖·‖₂ over all elements of all tensors. The host waits for the device. */
function norm(tensors: readonly (Tensor | null)[]): number {
  const squares = tensors.flatMap((tensor) => (tensor ? [tensor.square().sum()] : []));
  const [first, ...rest] = squares;
  if (first === undefined) return 0;
  return Math.sqrt(rest.reduce((sum, square) => sum.add(square), first).item());
}
