/**
 * One training step: the adversarial game of Eq. 9, and nothing else. Both players share one backward pass: the
 * network descends Q, the reweighter's parameters climb it (their optimizer group says `maximize`), and since the
 * confidence is detached neither sees through the other.
 *
 * A batch may be taken in parts, one after the other, to save memory: the step descends the mean of their objectives.
 */

import { OperationError } from '../errors/index.js';
import { activationCheckpointing } from '../nn/index.js';
import type { ProfilePhase } from '../runs/index.js';
import { autocast, type Kernels, scope, stack, type Tensor, withKernels } from '../torch/index.js';
import { objectiveOf } from './objective.js';
import type {
  Phase,
  StepBatch,
  StepLosses,
  TrainableModel,
  TrainingComponents,
} from './training-components.js';

export interface StepOptions {
  readonly phase: Phase;
  readonly precision: 'float32' | 'bfloat16';
  /** Whose kernels compute; `stock` is the plain composition of the engine's operators. */
  readonly kernels?: Kernels;
  /** Keep only what each stage of the network starts from, and compute the rest again in backward. */
  readonly activationCheckpointing?: boolean;
  /** Called between backward and the optimizer's step: clipping, or a look at the gradients. */
  readonly beforeUpdate?: () => void;
  /** Told where the step is, as each phase begins; for a profile. */
  readonly enter?: (phase: ProfilePhase) => void;
  /** Parts of equal size that the batch is taken in. */
  readonly gradientAccumulationSteps?: number;
  /** Runs the backward that ends a step: with several processes, the one that averages all gradients over them. */
  readonly lastBackward?: (objective: Tensor) => void;
}

export function trainStep(
  components: TrainingComponents,
  batch: StepBatch,
  options: StepOptions,
): StepLosses {
  return withKernels(options.kernels ?? 'fused', () => takeStep(components, batch, options));
}

function takeStep(components: TrainingComponents, batch: StepBatch, options: StepOptions): StepLosses {
  const { optimizer } = components;
  const { gradientAccumulationSteps: partCount = 1, lastBackward = (objective) => objective.backward() } =
    options;
  using step = scope();
  using _checkpointing = options.activationCheckpointing ? activationCheckpointing() : null;
  optimizer.zeroGrad();
  const parts = Array.from({ length: partCount }, (_, place) => {
    // What a part made is gone before the next begins; its gradients stay.
    using inner = scope();
    const losses = lossesOf(components, partOf(batch, { place, count: partCount }), options);
    const share = partCount === 1 ? losses.objective : losses.objective.div(partCount);
    options.enter?.('backward');
    if (place === partCount - 1) lastBackward(share);
    else share.backward();
    return mapLosses(losses, (loss) => inner.keep(loss.detach()));
  });
  options.enter?.('optimizer');
  options.beforeUpdate?.();
  optimizer.step();
  options.enter?.('other');
  return mapLosses(meanOf(parts), (loss) => step.keep(loss));
}

/** The place-th of `count` equal parts of a batch, as views. @throws OperationError when it cannot be divided so */
function partOf(
  { imagesNCHW, labelsNHW, origins }: StepBatch,
  { place, count }: { readonly place: number; readonly count: number },
): StepBatch {
  const [images = 0] = imagesNCHW.shape;
  if (images % count !== 0)
    throw new OperationError(
      `trainStep: expected a batch of a multiple of ${count} images, received ${images}`,
    );
  const length = images / count;
  const start = place * length;
  return {
    imagesNCHW: imagesNCHW.narrow(0, start, length),
    labelsNHW: labelsNHW.narrow(0, start, length),
    ...(origins && { origins: origins.slice(start, start + length) }),
  };
}

function meanOf(parts: readonly StepLosses[]): StepLosses {
  const [first] = parts as readonly [StepLosses];
  if (parts.length === 1) return first;
  const mean = (name: keyof StepLosses) => {
    const values = parts.flatMap(({ [name]: loss }) => (loss ? [loss] : []));
    return stack(values, 0).mean();
  };
  return {
    objective: mean('objective'),
    main: mean('main'),
    weighted: first.weighted && mean('weighted'),
    auxiliary: first.auxiliary && mean('auxiliary'),
  };
}

function mapLosses(losses: StepLosses, map: (loss: Tensor) => Tensor): StepLosses {
  const { objective, main, weighted, auxiliary } = losses;
  return {
    objective: map(objective),
    main: map(main),
    weighted: weighted && map(weighted),
    auxiliary: auxiliary && map(auxiliary),
  };
}

/** Scopes of their own leave only the graph to hold the activations, and backward frees the graph as it goes. */
function lossesOf(
  components: TrainingComponents,
  batch: StepBatch,
  { phase, precision, enter }: StepOptions,
): StepLosses {
  using inner = scope();
  enter?.('forward');
  const output = forward(components.model, batch.imagesNCHW, precision);
  enter?.('loss');
  const losses = objectiveOf(components, { ...output, batch, phase });
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
