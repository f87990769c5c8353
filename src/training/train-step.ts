/**
 * Takes one training step of the adversarial game of Eq. 9, and nothing else. Network and reweighter share one backward
 * pass: the network descends Q and the reweighter's parameters climb it (their optimizer group has `maximize`). The
 * confidence is detached, so no gradient flows from one to the other.
 *
 * A batch may be computed in parts, one after the other, to save memory; the step descends the mean of their objectives.
 */

import { ignoreIndex } from '../data/index.js';
import { OperationError } from '../errors/index.js';
import { activationCheckpointing } from '../nn/index.js';
import type { ProfilePhase } from '../runs/index.js';
import { type Kernels, noGrad, scope, stack, type Tensor, withKernels } from '../torch/index.js';
import { updateFrequencies } from './class-frequencies.js';
import { classWeightingOf } from './class-weighting.js';
import { correctedBatch } from './corrected-batch.js';
import { forwardMaps } from './forward-maps.js';
import { labelTotals, meansSpanBatch } from './label-totals.js';
import { layoutMaps } from './layout-maps.js';
import { type ObjectiveInput, objectiveOf, reweighterInput } from './objective.js';
import { pixelMapsOf } from './pixel-maps.js';
import { preserveState } from './preserve-state.js';
import { withRelaxedLabels } from './region-losses.js';
import { strongMaps } from './strong-maps.js';
import { teacherLogitsOf } from './teacher-prediction.js';
import type { Phase, StepBatch, StepLosses, TrainingComponents } from './training-components.js';
import { trustedTotals } from './trusted-loss.js';

/** Configures `trainStep`. */
export interface StepOptions {
  readonly phase: Phase;
  readonly precision: 'float32' | 'bfloat16';
  /** Gives the share of the run's steps that have been taken, from 0 to 1, where the step is one of a run. */
  readonly progress?: number;
  /** Chooses this package's fused operators (the default) or compositions of libtorch's own (`stock`). */
  readonly kernels?: Kernels;
  /** Keeps only the input of each stage of the network, and computes the rest again in backward. */
  readonly activationCheckpointing?: boolean;
  /** Is called between backward and the optimizer's step, for example to clip gradients. */
  readonly beforeUpdate?: () => void;
  /** Is called when a phase of the step begins, for a profile. */
  readonly enter?: (phase: ProfilePhase) => void;
  /** Sets the number of equal parts in which the batch is computed; 1 by default. */
  readonly gradientAccumulationSteps?: number;
  /** Runs the last backward pass of a step; with several processes it averages all gradients over them. */
  readonly lastBackward?: (objective: Tensor) => void;
}

/**
 * Computes the losses of a batch, their gradients and one update of all parameters.
 * @returns the losses before the update, which the caller disposes
 * @throws {OperationError} when the batch cannot be divided into `gradientAccumulationSteps` equal parts
 */
export function trainStep(
  components: TrainingComponents,
  batch: StepBatch,
  options: StepOptions,
): StepLosses {
  return withKernels(options.kernels ?? 'fused', () => takeStep(components, batch, options));
}

function takeStep(components: TrainingComponents, given: StepBatch, options: StepOptions): StepLosses {
  const { optimizer } = components;
  const { gradientAccumulationSteps: partCount = 1, lastBackward = (objective) => objective.backward() } =
    options;
  using step = scope();
  using _checkpointing = options.activationCheckpointing ? activationCheckpointing() : null;
  optimizer.zeroGrad();
  const batch = withRelaxedLabels(components, given);
  const batches = Array.from({ length: partCount }, (_, place) => partOf(batch, { place, count: partCount }));
  const whole = {
    ...(partCount > 1 && surveyBatch(components, { batch, parts: batches }, options)),
    ...(batch.trusted && { trustedTotals: trustedTotals(components, batch, { partCount }) }),
  };
  const parts = batches.map((part, place) => {
    // Frees the tensors of a part before the next begins; its gradients stay.
    using inner = scope();
    const losses = lossesOf(components, { ...whole, batch: part }, options);
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

/**
 * Returns what the parts of a batch must know of each other: the totals of their labels where means are over all of them,
 * and how they are weighed by a reweighter that looks at all parts first. Only the latter computes a forward pass more.
 */
function surveyBatch(
  components: TrainingComponents,
  { batch, parts }: { readonly batch: StepBatch; readonly parts: readonly StepBatch[] },
  options: StepOptions,
): Pick<ObjectiveInput, 'totals' | 'weigh'> {
  const { model, reweighter, classWeights, generator = null } = components;
  if (!meansSpanBatch(components)) return {};
  const totals = labelTotals(components, batch.labelsNHW, { partCount: parts.length });
  if (!reweighter?.surveyParts) return { totals };
  const restore = preserveState(model, generator);
  const inputs = parts.map((part) => () => {
    const output = forwardMaps(components.model, part.imagesNCHW, options);
    const teacherLogitsNCHW = teacherLogitsOf(components, part, options);
    // The predictions of a part are counted when it is learned from.
    const corrected = correctedBatch(
      components,
      { ...output, batch: part, teacherLogitsNCHW, ...progressOf(options) },
      { counts: false },
    );
    const { labelsNHW } = corrected;
    const validNHW = labelsNHW.ne(ignoreIndex);
    const weighting = classWeightingOf(classWeights, { labelsNHW, validNHW, totals });
    const { confidenceNHW, ...maps } = pixelMapsOf(components, {
      ...output,
      ...options,
      batch: corrected,
      weighting,
    });
    return reweighterInput(
      components,
      { ...maps, confidenceNHW: confidenceNHW as Tensor },
      { batch: corrected, teacherLogitsNCHW, ...progressOf(options) },
    );
  });
  try {
    options.enter?.('forward');
    return { totals, weigh: noGrad(() => reweighter.surveyParts?.(inputs)) };
  } finally {
    restore();
  }
}

/** Returns the `place`-th of `count` equal parts of a batch, as views. */
function partOf(
  { imagesNCHW, labelsNHW, origins, regionLabelsNHW, colorsN3HW, cellSize, patches, trusted }: StepBatch,
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
    ...(regionLabelsNHW && { regionLabelsNHW: regionLabelsNHW.narrow(0, start, length) }),
    ...(colorsN3HW && { colorsN3HW: colorsN3HW.narrow(0, start, length) }),
    ...(cellSize !== undefined && { cellSize }),
    ...(patches && { patches: partOf(patches, { place, count }) }),
    ...(trusted && {
      trusted: trusted.map((labels) => ({ ...labels, labelsNHW: labels.labelsNHW.narrow(0, start, length) })),
    }),
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
    region: first.region && mean('region'),
    auxiliary: first.auxiliary && mean('auxiliary'),
    trusted: first.trusted && mean('trusted'),
  };
}

function mapLosses(losses: StepLosses, map: (loss: Tensor) => Tensor): StepLosses {
  const { objective, main, weighted, region, auxiliary, trusted } = losses;
  return {
    objective: map(objective),
    main: map(main),
    weighted: weighted && map(weighted),
    region: region && map(region),
    auxiliary: auxiliary && map(auxiliary),
    trusted: trusted && map(trusted),
  };
}

/** Computes losses in a scope of their own, so that only the graph holds the activations, and backward frees the graph. */
function lossesOf(
  components: TrainingComponents,
  given: Pick<ObjectiveInput, 'batch' | 'totals' | 'trustedTotals' | 'weigh'>,
  options: StepOptions,
): StepLosses {
  using inner = scope();
  const { phase, precision, enter } = options;
  enter?.('forward');
  const { batch } = given;
  const output = forwardMaps(components.model, batch.imagesNCHW, { precision });
  const teacherLogitsNCHW = teacherLogitsOf(components, batch, { precision });
  const layout = layoutMaps(components, { batch, output, teacherLogitsNCHW }, { precision });
  const { frequencies, processGroup } = components;
  const seen = layout ?? { batch, teacherLogitsNCHW };
  if (frequencies) updateFrequencies(frequencies, seen, { processGroup });
  const strong = strongMaps(components, seen, { precision, patches: seen.batch !== batch });
  enter?.('loss');
  const losses = objectiveOf(components, {
    ...output,
    ...given,
    teacherLogitsNCHW,
    phase,
    ...(layout && { layout }),
    ...(strong && { strong }),
    ...progressOf(options),
  });
  for (const loss of Object.values(losses)) if (loss) inner.keep(loss);
  return losses;
}

function progressOf({ progress }: StepOptions): Pick<ObjectiveInput, 'progress'> {
  return progress === undefined ? {} : { progress };
}
