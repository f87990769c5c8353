/** Defines reweighters, strategies that give every labeled pixel its share of the loss. */

import type { Collectives } from '../distributed/index.js';
import { OperationError } from '../errors/index.js';
import type { Module, Parameter } from '../nn/index.js';
import type { Component } from '../registry/index.js';
import type { Generator, Tensor } from '../torch/index.js';
import type { CleanLearner } from './clean-learner.js';
import type { NormOrder } from './normalize-weights.js';

/**
 * Locates a crop in its training image. Its window is given in fractions of the image's width and height; what lies
 * outside [0, 1] is padding.
 */
export interface SampleOrigin {
  /** Index of the image in its dataset. */
  readonly index: number;
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  /** Is true when the crop's first column shows the right edge of the window. */
  readonly mirrored: boolean;
}

/** Holds what is known of the pixels of a batch. */
export interface ReweighterInput {
  /** Confidence v̂, [N,H,W] float32 in [−1, 1]. */
  readonly confidenceNHW: Tensor;
  /** Losses l_i, [N,H,W] float32, detached, 0 where ignored. */
  readonly lossesNHW: Tensor;
  /** Labeled pixels, [N,H,W] bool. */
  readonly validNHW: Tensor;
  /** Logits at the labels' size, [N,C,H,W], detached; given if the strategy `needs` them. */
  readonly logitsNCHW?: Tensor;
  /** Labels, [N,H,W] int64; given if the strategy `needs` them. */
  readonly labelsNHW?: Tensor;
  /**
   * Tells how far the prediction of the network's moving average agrees with the label, 2 p_y / max_c p_c − 1, [N,H,W]
   * float32 in [−1, 1]; given if the strategy `needs` it.
   */
  readonly agreementNHW?: Tensor;
  /** Place of each image of the batch in its training image; given if the strategy `needs` it. */
  readonly origins?: readonly SampleOrigin[];
  /**
   * Share of the run's steps that have been taken, from 0 to 1. All parts of a step have the same. Absent outside of a
   * run, where every call is a step of its own.
   */
  readonly progress?: number;
  /** Are the processes that train together, for strategies with a memory, which has to be the same in all of them. */
  readonly processGroup?: Collectives;
  /**
   * Sums a tensor over all processes, so that weights are normalized over the pixels of all; absent to use these
   * alone.
   */
  readonly sumOverRanks?: (sums: Tensor) => Tensor;
}

/** Names the inputs that are only given to strategies that need them. */
export type OptionalInput = 'logitsNCHW' | 'labelsNHW' | 'agreementNHW' | 'origins';

/** Groups the parameters that climb the objective which the network descends, for an optimizer. */
export interface AdversarialParameters {
  readonly parameters: readonly Parameter[];
  /** Factor on the learning rate; negative where the parameters climb by a negative rate instead of `maximize`. */
  readonly learningRateScale: number;
  readonly maximize: boolean;
  /** Replaces the optimizer's weight decay; absent to use it. */
  readonly weightDecay?: number;
}

/** Configures `Reweighter.curve`. */
export interface CurveOptions {
  /** Is the agreement in [−1, 1] at which W is read; 1 by default. Weights that do not depend on it are the same. */
  readonly agreement?: number;
}

/** Weighs one part of a batch of which all parts are known. */
export type PartWeigher = (part: ReweighterInput) => Tensor;

/** Weighs pixels. It is a module, so that what it learns is saved, moved and freed with the network. */
export interface Reweighter extends Module {
  /**
   * Is true when the network has to learn from the plain mean loss in the isolated phase of a run (section 4.2:
   * "isolatedly in the first 0.05T"), because confidence says little before anything is learned.
   */
  readonly isolatedStart: boolean;

  /**
   * Names the inputs that `weigh` uses beside confidence, losses and valid pixels. Logits at the labels' size are only
   * computed for strategies that name them.
   */
  readonly needs?: readonly OptionalInput[];

  /**
   * Returns the weights w'_i, [N,H,W] float32: they sum to 1 over the valid pixels and are 0 elsewhere (all 0 when no
   * pixel is valid). Their gradient reaches this module's own parameters, and the network through the confidence if
   * that is not detached.
   *
   * @throws {OperationError} when a map has another shape or dtype, or a needed input is missing
   */
  weigh(input: ReweighterInput): Tensor;

  /**
   * Looks at all parts in which a batch is computed, and returns a function that weighs each of them as pixels of the
   * whole batch: the weights of all parts, over all processes, sum to the number of parts. It calls each function of
   * `parts` once, in order, and keeps none of the tensors. Is absent or null where a part is weighed by itself. Where it
   * is not, every mean of a training step is over the whole batch, and a batch in several parts costs one more forward
   * pass.
   */
  readonly surveyParts?: ((parts: readonly (() => ReweighterInput)[]) => PartWeigher) | null;

  /** Gives the share of the labeled pixels of the last batch that have a weight; absent where all of them have. */
  readonly keptShare?: number | null;

  /** Returns a sentence that a person should read about the batches so far, once; null when there is none. */
  takeNotice?(): string | null;

  /** Returns the optimizer group of the parameters that play against the network; null when there are none. */
  adversarialParameters(): AdversarialParameters | null;

  /** Learns from a clean batch before each step of the network; absent or null when no clean labels are needed. */
  readonly cleanData?: CleanLearner | null;

  /**
   * Order p of the norm under which the weights maximize the loss (section 3.4), which determines what they converge
   * to; absent when they do not maximize it. It depends on the strategy's options alone.
   */
  readonly normOrder?: NormOrder;

  /**
   * Returns W at these confidences, before normalization, for plots; null if weights depend on more than confidence and
   * agreement.
   */
  curve(confidences: readonly number[], options?: CurveOptions): number[] | null;

  /** Lists agreements at which a plot shows W; absent or null where weights do not depend on agreement. */
  readonly shownAgreements?: readonly number[] | null;
}

/** Holds what a reweighter may need to know of the task. */
export interface ReweighterContext {
  readonly classCount: number;
  /** Draws initial parameters. */
  readonly generator: Generator;
  /** Number of training images, for strategies that remember each; 0 where it is not known. */
  readonly datasetLength: number;
}

/** Describes a reweighter that a config can name. */
export interface ReweighterComponent<Options = unknown>
  extends Component<Options, ReweighterContext, Reweighter> {
  /** Is true when its products have `cleanData`, so that a config without clean labels is refused before it runs. */
  readonly learnsFromClean?: boolean;
  /** Is true when its products remember every training image by its place, so that the images must stay the same. */
  readonly remembersImages?: boolean;
  /** Returns whether its products read the moving average of the network, so that a config without one is refused. */
  needsTeacher?(options: Options): boolean;
  /** Names the option that holds the section of another reweighter, to which its products pass pixels on. */
  readonly innerKey?: string;
}

/**
 * Checks that losses and valid pixels have the shape [N,H,W] of the confidence and their dtypes, and that needed
 * inputs are given.
 *
 * @throws {OperationError} naming the first input that does not fit
 */
export function expectInput<Needed extends OptionalInput = never>(
  operation: string,
  input: ReweighterInput,
  { needs = [] }: { readonly needs?: readonly Needed[] } = {},
): asserts input is ReweighterInput & { readonly [name in Needed]-?: NonNullable<ReweighterInput[name]> } {
  const { confidenceNHW, lossesNHW, validNHW } = input;
  const shape = String(confidenceNHW.shape);
  const expected = { confidenceNHW: 'float32', lossesNHW: 'float32', validNHW: 'bool' } as const;
  for (const [name, map] of Object.entries({ confidenceNHW, lossesNHW, validNHW })) {
    const dtype = expected[name as keyof typeof expected];
    if (String(map.shape) === shape && map.dtype === dtype) continue;
    throw new OperationError(
      `${operation}: expected ${name} ${dtype}[${shape}], received ${map.dtype}[${map.shape.join(',')}]`,
    );
  }
  for (const name of needs) {
    if (input[name] === undefined)
      throw new OperationError(`${operation}: expected ${name} in the input, received none`);
  }
}
