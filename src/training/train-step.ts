/**
 * One training step: the adversarial game of Eq. 9, and nothing else. Both players share one backward pass: the
 * network descends Q, the reweighter's parameters climb it (their optimizer group says `maximize`), and since the
 * confidence is detached neither sees through the other.
 */

import { checkpoints } from '../nn/index.js';
import type { ProfilePhase } from '../runs/index.js';
import { autocast, type Kernels, scope, type Tensor, withKernels } from '../torch/index.js';
import { objectiveOf } from './objective.js';
import type { Phase, Players, StepBatch, StepLosses, TrainableModel } from './players.js';

export interface StepOptions {
  readonly phase: Phase;
  readonly precision: 'float32' | 'bfloat16';
  /** Whose kernels compute; `stock` is the plain composition of the engine's operators. */
  readonly kernels?: Kernels;
  /** Keep only what each stage of the network starts from, and compute the rest again in backward. */
  readonly checkpoint?: boolean;
  /** Called between backward and the optimizer's step: clipping, or a look at the gradients. */
  readonly beforeUpdate?: () => void;
  /** Told where the step is, as each phase begins; for a profile. */
  readonly enter?: (phase: ProfilePhase) => void;
}

export function trainStep(players: Players, batch: StepBatch, options: StepOptions): StepLosses {
  return withKernels(options.kernels ?? 'fused', () => takeStep(players, batch, options));
}

function takeStep(players: Players, batch: StepBatch, options: StepOptions): StepLosses {
  const { optimizer } = players;
  using step = scope();
  using _checkpoints = options.checkpoint ? checkpoints() : null;
  optimizer.zeroGrad();
  const losses = lossesOf(players, batch, options);
  options.enter?.('backward');
  losses.objective.backward();
  options.enter?.('optimizer');
  options.beforeUpdate?.();
  optimizer.step();
  options.enter?.('other');
  const keep = (loss: Tensor) => step.keep(loss.detach());
  return {
    objective: keep(losses.objective),
    main: keep(losses.main),
    weighted: losses.weighted && keep(losses.weighted),
    auxiliary: losses.auxiliary && keep(losses.auxiliary),
  };
}

/** Scopes of their own leave only the graph to hold the activations, and backward frees the graph as it goes. */
function lossesOf(players: Players, batch: StepBatch, { phase, precision, enter }: StepOptions): StepLosses {
  using inner = scope();
  enter?.('forward');
  const output = forward(players.model, batch.imagesNCHW, precision);
  enter?.('loss');
  const losses = objectiveOf(players, { ...output, batch, phase });
  for (const loss of Object.values(losses)) if (loss) inner.keep(loss);
  return losses;
}

function forward(model: TrainableModel, imagesNCHW: Tensor, precision: 'float32' | 'bfloat16') {
  using inner = scope();
  const compute = () => model.forwardLogits?.(imagesNCHW) ?? model.forward(imagesNCHW);
  const output =
    precision === 'float32' ? compute() : autocast({ device: imagesNCHW.device, dtype: 'bfloat16' }, compute);
  const { logitsNCHW, auxiliaryLogitsNCHW, extraHeads = {} } = output;
  for (const map of [logitsNCHW, auxiliaryLogitsNCHW, ...Object.values(extraHeads)]) if (map) inner.keep(map);
  return output;
}
