/**
 * The Adversarial Reweighting Module (paper, sections 3.3 and 4.2, Fig. 3): W(v̂; θ) of 53 parameters that climbs the
 * weighted loss which the network descends.
 */

import { OperationError } from '../errors/index.js';
import { Conv2d, Module } from '../nn/index.js';
import { autocast, cat, type Generator, noGrad, ops, type Tensor, tensorFrom, tidy } from '../torch/index.js';
import { kernels } from '../torch/internal.js';
import { expectNormOrder, type NormOrder, normalizeWeights } from './normalize-weights.js';
import { pixelwise } from './pixelwise.js';
import {
  type AdversarialParameters,
  expectInput,
  type Reweighter,
  type ReweighterInput,
} from './reweighter.js';

export interface ArmOptions {
  /** Draws the first parameters. */
  readonly generator: Generator;
  /** Order of the norm that W is held to; 1 collapses onto the hardest pixel (Table 2). */
  readonly p?: NormOrder;
  /** Multiplies the main learning rate; 1 is the paper's; runs of a few hundred iterations may need more. */
  readonly learningRateScale?: number;
}

const hidden = 4;

export class Arm extends Module implements Reweighter {
  readonly isolatedStart = true;
  readonly conv1: Conv2d;
  readonly conv2: Conv2d;
  readonly conv3: Conv2d;
  readonly conv4: Conv2d;
  readonly p: NormOrder;
  readonly learningRateScale: number;

  constructor({ generator, p = 2, learningRateScale = 1 }: ArmOptions) {
    super();
    expectNormOrder('Arm', p);
    if (!(learningRateScale > 0)) {
      throw new OperationError(`Arm: expected a positive learningRateScale, received ${learningRateScale}`);
    }
    this.conv1 = new Conv2d(1, hidden, { kernelSize: 1, generator });
    this.conv2 = new Conv2d(hidden, hidden, { kernelSize: 1, generator });
    this.conv3 = new Conv2d(hidden, hidden, { kernelSize: 1, generator });
    this.conv4 = new Conv2d(hidden, 1, { kernelSize: 1, generator });
    this.p = p;
    this.learningRateScale = learningRateScale;
  }

  get normOrder(): NormOrder {
    return this.p;
  }

  /** W(v̂) ∈ (0, 1) for confidences of any shape, float32 also under autocast. */
  forward(confidence: Tensor): Tensor {
    return autocast({ device: confidence.device, enabled: false }, () => {
      const { shape } = confidence;
      let features = confidence.reshape([1, -1]);
      for (const convolution of [this.conv1, this.conv2, this.conv3])
        features = pixelwise(convolution, features).silu();
      return pixelwise(this.conv4, features).sigmoid().reshape(shape);
    });
  }

  weigh(input: ReweighterInput): Tensor {
    expectInput('Arm.weigh', input);
    const { confidenceNHW, validNHW, sumOverRanks } = input;
    return autocast({ device: confidenceNHW.device, enabled: false }, () => {
      if (kernels() === 'stock' || sumOverRanks)
        return normalizeWeights(this.forward(confidenceNHW), validNHW, { p: this.p, sumOverRanks });
      const parameters = cat(
        this.parameters().map((parameter) => parameter.reshape([-1])),
        0,
      );
      return ops.armWeights(confidenceNHW, validNHW, parameters, this.p);
    });
  }

  adversarialParameters(): AdversarialParameters {
    return { parameters: this.parameters(), learningRateScale: this.learningRateScale, maximize: true };
  }

  curve(confidences: readonly number[]): number[] {
    return noGrad(() => {
      const points = tidy(() => {
        const { device } = this.conv1.weight;
        return this.forward(
          tensorFrom(confidences, { dtype: 'float32', shape: [confidences.length], device }),
        );
      });
      const values = Array.from(points.toTypedArray(), Number);
      points.dispose();
      return values;
    });
  }
}
