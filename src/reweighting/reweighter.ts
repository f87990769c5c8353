/** What every reweighting strategy is: a map from what is known of each pixel to its share of the loss. */

import { EngineError } from '../errors/index.js';
import type { Module, Parameter } from '../nn/index.js';
import type { Tensor } from '../torch/index.js';

export interface ReweighterInput {
  /** v̂, [N,H,W] float32 in [−1, 1], detached. */
  readonly confidenceNHW: Tensor;
  /** l_i, [N,H,W] float32, detached, 0 where ignored. */
  readonly lossesNHW: Tensor;
  /** Labelled pixels, [N,H,W] bool. */
  readonly validNHW: Tensor;
}

/** Parameters that climb the objective which the network descends. */
export interface AdversarialParameters {
  readonly parameters: readonly Parameter[];
  readonly learningRateScale: number;
  readonly maximize: true;
}

/** A module, so that what it learns is saved, moved and freed with the network. */
export interface Reweighter extends Module {
  /**
   * The weights w'_i, [N,H,W] float32: they sum to 1 over the valid pixels and are 0 elsewhere (all 0 when no pixel is
   * valid). Their gradient reaches nothing but this module's own parameters.
   */
  weigh(input: ReweighterInput): Tensor;

  /** The optimizer group of what it learns by playing against the network; null when it learns nothing that way. */
  adversarialParameters(): AdversarialParameters | null;

  /** W at these confidences, before normalisation, for plots; null when weights do not depend on confidence alone. */
  curve(confidences: readonly number[]): number[] | null;
}

/** @throws EngineError naming the map that is not [N,H,W] of the confidence's shape, or not of its dtype */
export function expectInput(operation: string, input: ReweighterInput): void {
  const { confidenceNHW, lossesNHW, validNHW } = input;
  const shape = String(confidenceNHW.shape);
  const expected = { confidenceNHW: 'float32', lossesNHW: 'float32', validNHW: 'bool' } as const;
  for (const [name, map] of Object.entries({ confidenceNHW, lossesNHW, validNHW })) {
    const dtype = expected[name as keyof typeof expected];
    if (String(map.shape) === shape && map.dtype === dtype) continue;
    throw new EngineError(
      `${operation}: expected ${name} ${dtype}[${shape}], received ${map.dtype}[${map.shape.join(',')}]`,
    );
  }
}
