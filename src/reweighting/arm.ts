/**
 * Implements the Adversarial Reweighting Module (paper, sections 3.3 and 4.2, Fig. 3): a network W(v̂; θ) of 53
 * parameters from confidence to weight, or 57 from confidence and agreement. It maximizes the weighted loss that the
 * segmentation network minimizes.
 */

import { z } from 'zod';
import { Conv2d, Module } from '../nn/index.js';
import { defineComponent, parseOptions } from '../registry/index.js';
import { autocast, cat, type Generator, ops, type Tensor } from '../torch/index.js';
import { constants, selectKernel } from '../torch/internal.js';
import {
  agreementOptions,
  discountOf,
  readsAgreement,
  shownAgreements,
  withDiscount,
} from './agreement-input.js';
import { type NormOrder, normalizeWeights, normOrderOption } from './normalize-weights.js';
import { pixelwise } from './pixelwise.js';
import { readCurve } from './read-curve.js';
import {
  type AdversarialParameters,
  type CurveOptions,
  expectInput,
  type OptionalInput,
  type Reweighter,
  type ReweighterContext,
  type ReweighterInput,
} from './reweighter.js';

const schema = z
  .strictObject({
    p: normOrderOption,
    learningRateScale: z
      .number()
      .positive()
      .default(1)
      .describe("Factor on the learning rate. 1 is the paper's; runs of a few hundred steps may need more."),
    update: z
      .enum(['maximize', 'negative-rate'])
      .default('maximize')
      .describe(
        'How the parameters climb. `maximize` negates their gradient, so that weight decay shrinks them. ' +
          '`negative-rate` negates their learning rate, as the paper writes it, so that weight decay makes them grow. ' +
          'Without weight decay both are equal.',
      ),
    weightDecay: z
      .number()
      .min(0)
      .nullable()
      .default(null)
      .describe("Weight decay of the parameters; `null` takes the optimizer's."),
    ...agreementOptions,
  })
  .describe(
    'A module of 53 parameters from confidence to weight, which increases the loss that the network decreases. With ' +
      'agreement as a second input it has 57.',
  );

/** Configures `Arm`. */
export interface ArmOptions extends z.input<typeof schema> {
  /** Draws the initial parameters. */
  readonly generator: Generator;
}

const hidden = constants.armHiddenUnits;

/**
 * Weighs pixels by a network of 53 parameters from confidence to weight, which learns against the segmentation
 * network.
 */
export class Arm extends Module implements Reweighter {
  readonly isolatedStart = true;
  readonly conv1: Conv2d;
  readonly conv2: Conv2d;
  readonly conv3: Conv2d;
  readonly conv4: Conv2d;
  readonly p: NormOrder;
  readonly learningRateScale: number;
  readonly update: 'maximize' | 'negative-rate';
  /** Replaces the optimizer's weight decay; null uses it. */
  readonly weightDecay: number | null;
  readonly needs: readonly OptionalInput[];
  /** Is the power of the agreement by which the losses are multiplied; null where agreement is not read. */
  readonly discount: number | null;

  /**
   * Creates ARM with parameters drawn from `generator`.
   *
   * @throws {OperationError} when an option is out of range
   */
  constructor({ generator, ...options }: ArmOptions) {
    super();
    const parsed = parseOptions('Arm', schema, options);
    const { p, learningRateScale, update, weightDecay, inputs, discount } = parsed;
    this.conv1 = new Conv2d(inputs.length, hidden, { kernelSize: 1, generator });
    this.conv2 = new Conv2d(hidden, hidden, { kernelSize: 1, generator });
    this.conv3 = new Conv2d(hidden, hidden, { kernelSize: 1, generator });
    this.conv4 = new Conv2d(hidden, 1, { kernelSize: 1, generator });
    this.p = p;
    this.learningRateScale = learningRateScale;
    this.update = update;
    this.weightDecay = weightDecay;
    this.needs = readsAgreement({ inputs }) ? ['agreementNHW'] : [];
    this.discount = readsAgreement({ inputs }) ? discount : null;
  }

  get normOrder(): NormOrder {
    return this.p;
  }

  get shownAgreements(): readonly number[] | null {
    return this.discount === null ? null : shownAgreements;
  }

  /**
   * Returns W ∈ (0, 1) for confidences of any shape and, if it is an input, agreements of the same shape, in float32 also
   * under autocast.
   */
  forward(confidence: Tensor, agreement?: Tensor): Tensor {
    return autocast({ device: confidence.device, enabled: false }, () => {
      const { shape } = confidence;
      let features = confidence.reshape([1, -1]);
      if (this.discount !== null && agreement) features = cat([features, agreement.reshape([1, -1])], 0);
      for (const convolution of [this.conv1, this.conv2, this.conv3])
        features = pixelwise(convolution, features).silu();
      return pixelwise(this.conv4, features).sigmoid().reshape(shape);
    });
  }

  weigh(input: ReweighterInput): Tensor {
    if (this.discount !== null) return this.#weighByAgreement(input, this.discount);
    expectInput('Arm.weigh', input);
    const { confidenceNHW, validNHW, sumOverRanks } = input;
    return autocast({ device: confidenceNHW.device, enabled: false }, () => {
      return selectKernel('armWeights', {
        inputs: [confidenceNHW],
        when: sumOverRanks === undefined,
        fused: () => ops.armWeights(confidenceNHW, validNHW, this.#flatParameters(), this.p),
        stock: () => normalizeWeights(this.forward(confidenceNHW), validNHW, { p: this.p, sumOverRanks }),
      });
    });
  }

  /** Weighs by two inputs, for which there is no fused kernel. */
  #weighByAgreement(input: ReweighterInput, exponent: number): Tensor {
    expectInput('Arm.weigh', input, { needs: ['agreementNHW'] });
    const { confidenceNHW, validNHW, sumOverRanks, agreementNHW } = input;
    return autocast({ device: confidenceNHW.device, enabled: false }, () => {
      const weightsNHW = this.forward(confidenceNHW, agreementNHW);
      const normalizedNHW = normalizeWeights(weightsNHW, validNHW, { p: this.p, sumOverRanks });
      return withDiscount(normalizedNHW, discountOf(agreementNHW, exponent), { sumOverRanks });
    });
  }

  #flatParameters(): Tensor {
    return cat(
      this.parameters().map((parameter) => parameter.reshape([-1])),
      0,
    );
  }

  adversarialParameters(): AdversarialParameters {
    const maximize = this.update === 'maximize';
    return {
      parameters: this.parameters(),
      learningRateScale: maximize ? this.learningRateScale : -this.learningRateScale,
      maximize,
      ...(this.weightDecay !== null && { weightDecay: this.weightDecay }),
    };
  }

  /** Returns W, times the factor of the losses where agreement is an input. */
  curve(confidences: readonly number[], { agreement }: CurveOptions = {}): number[] {
    const { discount } = this;
    const weightOf = (confidence: Tensor, level: Tensor) =>
      discount === null
        ? this.forward(confidence)
        : this.forward(confidence, level).mul(discountOf(level, discount));
    return readCurve(weightOf, { confidences, agreement, device: this.conv1.weight.device });
  }
}

export const armComponent = defineComponent({
  kind: 'arm',
  options: schema,
  needsTeacher: readsAgreement,
  create: (parsed, { generator }: ReweighterContext) => new Arm({ ...parsed, generator }),
});
