/**
 * Implements Linear ARM (paper, section 4.3): W(v̂) = k·v̂ + b with constants, ARM's idea without learning. With agreement a
 * as a second input it is a^g (k·v̂ + b).
 */

import { z } from 'zod';
import { Module } from '../nn/index.js';
import { defineComponent, parseOptions } from '../registry/index.js';
import { autocast, type Tensor } from '../torch/index.js';
import { agreementOptions, discountOf, readsAgreement, shownAgreements } from './agreement-input.js';
import { type NormOrder, normalizeWeights, normOrderOption } from './normalize-weights.js';
import {
  type CurveOptions,
  expectInput,
  type OptionalInput,
  type Reweighter,
  type ReweighterInput,
} from './reweighter.js';

const schema = z
  .strictObject({
    slope: z
      .number()
      .default(-0.5)
      .describe(
        'Slope k of the weight over confidence: −0.5 suppresses confident pixels, 0.5 focuses on them (Table 1).',
      ),
    intercept: z.number().default(0.5).describe('Weight b at confidence 0.'),
    p: normOrderOption,
    ...agreementOptions,
  })
  .describe('Weights on a fixed line over confidence, without anything to learn.');

/** Configures `LinearArm`. `p` changes nothing but the gradient to a confidence that is not detached. */
export interface LinearArmOptions extends z.input<typeof schema> {}

/** Weighs pixels by a fixed line over confidence, cut off at 0. */
export class LinearArm extends Module implements Reweighter {
  readonly isolatedStart = true;
  readonly slope: number;
  readonly intercept: number;
  readonly p: NormOrder;
  readonly needs: readonly OptionalInput[];
  /** Is the power of the agreement by which the weights are multiplied; null where agreement is not read. */
  readonly discount: number | null;

  /**
   * Creates the reweighter.
   *
   * @throws {OperationError} when an option is out of range
   */
  constructor(options: LinearArmOptions = {}) {
    super();
    const { slope, intercept, p, inputs, discount } = parseOptions('LinearArm', schema, options);
    this.slope = slope;
    this.intercept = intercept;
    this.p = p;
    this.needs = readsAgreement({ inputs }) ? ['agreementNHW'] : [];
    this.discount = readsAgreement({ inputs }) ? discount : null;
  }

  get shownAgreements(): readonly number[] | null {
    return this.discount === null ? null : shownAgreements;
  }

  weigh(input: ReweighterInput): Tensor {
    expectInput('LinearArm.weigh', input, { needs: this.needs });
    const { confidenceNHW, validNHW, sumOverRanks, agreementNHW } = input;
    const { discount } = this;
    return autocast({ device: confidenceNHW.device, enabled: false }, () => {
      // A line may cross zero inside [−1, 1]; a negative weight would reward a wrong answer.
      const lineNHW = confidenceNHW.mul(this.slope).add(this.intercept).clamp({ min: 0 });
      const weightsNHW =
        discount === null || !agreementNHW ? lineNHW : lineNHW.mul(discountOf(agreementNHW, discount));
      return normalizeWeights(weightsNHW, validNHW, { p: this.p, sumOverRanks });
    });
  }

  adversarialParameters(): null {
    return null;
  }

  curve(confidences: readonly number[], { agreement = 1 }: CurveOptions = {}): number[] {
    const factor = this.discount === null ? 1 : ((agreement + 1) / 2) ** this.discount;
    return confidences.map((confidence) => factor * Math.max(0, this.slope * confidence + this.intercept));
  }
}

export const linearArmComponent = defineComponent({
  kind: 'linear-arm',
  options: schema,
  needsTeacher: readsAgreement,
  create: (parsed) => new LinearArm(parsed),
});
