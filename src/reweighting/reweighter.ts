/** What every reweighting strategy is: a map from what is known of each pixel to its share of the loss. */

import type { Collectives } from '../distributed/index.js';
import { OperationError } from '../errors/index.js';
import type { Module, Parameter } from '../nn/index.js';
import type { Tensor } from '../torch/index.js';
import type { CleanLearner } from './clean-learner.js';
import type { NormOrder } from './normalize-weights.js';

/** Which part of which training image a crop is. */
export interface SampleOrigin {
  /** Of the image in its dataset. */
  readonly index: number;
  /** The crop's window as fractions of the image's width and height; outside [0, 1] is padding. */
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  /** The crop's first column shows the window's right edge. */
  readonly mirrored: boolean;
}

export interface ReweighterInput {
  /** v̂, [N,H,W] float32 in [−1, 1]. */
  readonly confidenceNHW: Tensor;
  /** l_i, [N,H,W] float32, detached, 0 where ignored. */
  readonly lossesNHW: Tensor;
  /** Labeled pixels, [N,H,W] bool. */
  readonly validNHW: Tensor;
  /** [N,C,H,W], detached; for strategies that look at more than confidence and loss. */
  readonly logitsNCHW?: Tensor;
  /** [N,H,W] int64. */
  readonly labelsNHW?: Tensor;
  /** Of each image of the batch; for strategies that remember. */
  readonly origins?: readonly SampleOrigin[];
  /** Where several processes train: for strategies with a memory, which has to be the same in all of them. */
  readonly processGroup?: Collectives;
  /** Given where weights are to be normalized over the pixels of all ranks; without it, over those given here. */
  readonly sumOverRanks?: (sums: Tensor) => Tensor;
}

/** What a strategy may need beside confidence, loss and valid pixels. */
export type OptionalInput = 'logitsNCHW' | 'labelsNHW' | 'origins';

/** Parameters that climb the objective which the network descends. */
export interface AdversarialParameters {
  readonly parameters: readonly Parameter[];
  readonly learningRateScale: number;
  readonly maximize: true;
}

/** A module, so that what it learns is saved, moved and freed with the network. */
export interface Reweighter extends Module {
  /**
   * Whether the network should learn from the plain mean loss during the first share of a run (section 4.2:
   * "isolatedly in the first 0.05T"), as confidence says little before anything is learned.
   */
  readonly isolatedStart: boolean;

  /**
   * What `weigh` looks at beside confidence, loss and valid pixels; absent where that is all. Logits at the labels' size
   * are made for the strategies that name them, and only for those.
   */
  readonly needs?: readonly OptionalInput[];

  /**
   * The weights w'_i, [N,H,W] float32: they sum to 1 over the valid pixels and are 0 elsewhere (all 0 when no pixel is
   * valid). Their gradient reaches this module's own parameters, and beside them only what the confidence leads to.
   */
  weigh(input: ReweighterInput): Tensor;

  /** The optimizer group of what it learns by playing against the network; null when it learns nothing that way. */
  adversarialParameters(): AdversarialParameters | null;

  /** What learns from a clean batch before each step of the network; undefined where no clean labels are needed. */
  readonly cleanData?: CleanLearner;

  /**
   * Order p of the norm under which its weights climb the loss (section 3.4), so that theory says what they become;
   * absent where they do not climb it. Depends on the strategy's options alone.
   */
  readonly normOrder?: NormOrder;

  /** W at these confidences, before normalization, for plots; null when weights do not depend on confidence alone. */
  curve(confidences: readonly number[]): number[] | null;
}

/**
 * @throws OperationError naming the map that is not [N,H,W] of the confidence's shape, or not of its dtype, or what is
 *   missing of what the strategy needs
 */
export function expectInput<Needed extends OptionalInput = never>(
  operation: string,
  input: ReweighterInput,
  needs: readonly Needed[] = [],
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
