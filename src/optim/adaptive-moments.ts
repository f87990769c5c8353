/**
 * Implements what Adam and AdamW share: steps along a running mean of the gradients, divided by the root of a running
 * mean of their squares (Kingma and Ba 2015, Algorithm 1). The two differ in where weight decay enters.
 *
 *     d = maximize ? −grad : grad;  m = β₁ m + (1 − β₁) d;  v = β₂ v + (1 − β₂) d²
 *     p −= α · scale / (1 − β₁^t) · m / (√(v / (1 − β₂^t)) + ε)
 *
 * All parameters share one count of steps t, in which a parameter without gradient is skipped but counted.
 */

import { z } from 'zod';
import { CheckpointError } from '../errors/index.js';
import { Buffer, type Parameter } from '../nn/index.js';
import { noGrad, ops, type Tensor, tidy, zeros } from '../torch/index.js';
import {
  type CompleteGroup,
  expectEntries,
  Optimizer,
  type OptimizerDefaults,
  type ParameterGroup,
} from './optimizer.js';

const decay = z.number().min(0).lt(1);

/** Holds the options that both optimizers have. */
export const momentOptions = {
  learningRate: z
    .number()
    .positive()
    .default(1e-3)
    .describe('Base learning rate, which the schedule multiplies.'),
  betas: z
    .tuple([decay, decay])
    .readonly()
    .default([0.9, 0.999])
    .describe('Shares β₁ and β₂ of the running means of gradients and of their squares that a step keeps.'),
  epsilon: z
    .number()
    .positive()
    .default(1e-8)
    .describe('Number ε that is added to the divisor, against division by 0.'),
};

/** Configures the update of parameters by moments. */
export interface MomentSettings extends OptimizerDefaults {
  readonly betas: readonly [number, number];
  readonly epsilon: number;
}

/** Configures how strongly a group decays in one step. */
export interface DecayRates {
  readonly learningRate: number;
  readonly weightDecay: number;
}

/** Updates parameters by running means of their gradients and squared gradients. */
export abstract class AdaptiveMoments extends Optimizer {
  /** Running means of the gradients, in the order of the parameters of all groups. */
  readonly first: readonly Buffer[];
  /** Running means of the squared gradients. */
  readonly second: readonly Buffer[];
  /** Number of steps taken, a float32 scalar on the CPU, so that reading it waits for no device. */
  readonly steps: Buffer;
  readonly #places: ReadonlyMap<Parameter, number>;
  readonly #betas: readonly [number, number];
  readonly #epsilon: number;

  /** Creates moments on the devices that the parameters are on, so parameters are moved first. */
  constructor(
    groups: readonly ParameterGroup[],
    { learningRate, weightDecay, betas, epsilon }: MomentSettings,
  ) {
    super(groups, { learningRate, weightDecay });
    const parameters = this.groups.flatMap((group) => group.parameters);
    const moments = () => parameters.map((parameter) => new Buffer(ops.emptyLike(parameter).zero_()));
    [this.first, this.second] = noGrad(() => tidy(() => [moments(), moments()]));
    this.steps = new Buffer(zeros([], { dtype: 'float32' }));
    this.#places = new Map(parameters.map((parameter, place) => [parameter, place]));
    this.#betas = betas;
    this.#epsilon = epsilon;
  }

  override step(): void {
    noGrad(() => this.steps.add_(1));
    super.step();
  }

  /** Returns the moments as `first.position` and `second.position`, and the number of `steps`. */
  state(): Map<string, Tensor> {
    return new Map<string, Tensor>([
      ...this.first.map((moment, place) => [`first.${place}`, moment] as const),
      ...this.second.map((moment, place) => [`second.${place}`, moment] as const),
      ['steps', this.steps],
    ]);
  }

  loadState(state: ReadonlyMap<string, Tensor>): void {
    const own = this.state();
    expectEntries(state, own);
    const missing = [...own.keys()].find((name) => !state.has(name));
    if (missing !== undefined) {
      throw new CheckpointError(`optimizer state, ${missing}: expected an entry, received none`);
    }
    noGrad(() =>
      tidy(() => {
        for (const [name, tensor] of state) own.get(name)?.copy_(tensor);
      }),
    );
  }

  dispose(): void {
    for (const tensor of this.state().values()) tensor.dispose();
  }

  /**
   * Applies weight decay to a parameter or to the direction of its step, and returns that direction. Weight decay may
   * be 0.
   */
  protected abstract decayed(direction: Tensor, parameter: Parameter, rates: DecayRates): Tensor;

  protected stepGroup({ parameters, learningRateScale, maximize, weightDecay }: CompleteGroup): void {
    const [beta1, beta2] = this.#betas;
    const steps = this.steps.item();
    const learningRate = this.learningRate * learningRateScale;
    const rate = learningRate / (1 - beta1 ** steps);
    const correction = 1 / (1 - beta2 ** steps);
    for (const parameter of parameters) {
      tidy(() => {
        const gradient = parameter.grad;
        if (gradient === null) return;
        const [first, second] = this.#momentsOf(parameter);
        const ascent = maximize ? gradient.neg() : gradient;
        const direction = this.decayed(ascent, parameter, { learningRate, weightDecay });
        first.mul_(beta1).add_(direction, { alpha: 1 - beta1 });
        second.mul_(beta2).add_(direction.square(), { alpha: 1 - beta2 });
        const divisor = second.mul(correction).sqrt().add(this.#epsilon);
        parameter.add_(first.div(divisor), { alpha: -rate });
      });
    }
  }

  #momentsOf(parameter: Parameter): readonly [Buffer, Buffer] {
    const place = this.#places.get(parameter) as number;
    return [this.first[place] as Buffer, this.second[place] as Buffer];
  }
}
