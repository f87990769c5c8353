/**
 * One training step: the adversarial game of Eq. 9, and nothing else. Both players share one backward pass: the
 * network descends Q, the reweighter's parameters climb it (their optimizer group says `maximize`), and since the
 * confidence is detached neither sees through the other.
 */

import { autocast, type Kernels, scope, type Tensor, withKernels } from '../torch/index.js';
import { objectiveOf } from './objective.js';
import type { Phase, Players, StepBatch, StepLosses, TrainableModel } from './players.js';

export interface StepOptions {
  readonly phase: Phase;
  readonly precision: 'float32' | 'bfloat16';
  /** Whose kernels compute; `stock` is the plain composition of the engine's operators. */
  readonly kernels?: Kernels;
  /** Called between backward and the optimizer's step: clipping, or a look at the gradients. */
  readonly beforeUpdate?: () => void;
}

export function trainStep(players: Players, batch: StepBatch, options: StepOptions): StepLosses {
  return withKernels(options.kernels ?? 'fused', () => takeStep(players, batch, options));
}

function takeStep(players: Players, batch: StepBatch, options: StepOptions): StepLosses {
  const { model, optimizer } = players;
  using step = scope();
  optimizer.zeroGrad();
  const output = forward(model, batch.imagesNCHW, options.precision);
  const losses = objectiveOf(players, { ...output, batch, phase: options.phase });
  losses.objective.backward();
  options.beforeUpdate?.();
  optimizer.step();
  const keep = (loss: Tensor) => step.keep(loss.detach());
  return {
    objective: keep(losses.objective),
    main: keep(losses.main),
    weighted: losses.weighted && keep(losses.weighted),
    auxiliary: losses.auxiliary && keep(losses.auxiliary),
  };
}

function forward(model: TrainableModel, imagesNCHW: Tensor, precision: 'float32' | 'bfloat16') {
  if (precision === 'float32') return model.forward(imagesNCHW);
  return autocast({ device: imagesNCHW.device, dtype: 'bfloat16' }, () => model.forward(imagesNCHW));
}
