/**
 * Stochastic gradient descent with momentum, step for step as `torch.optim.SGD` (dampening 0, no Nesterov):
 *
 *     d = maximize ? −grad : grad;  d += weightDecay · p;  v = first step ? d : momentum · v + d;  p −= α · scale · v
 *
 * `maximize` flips the gradient before the decay is added, so a player that climbs the objective still has its
 * parameters decayed; a negative learning rate would make them grow instead.
 */
import { CheckpointError } from '../errors/index.js';
import { Buffer, type Parameter } from '../nn/index.js';
import { noGrad, ops, type Tensor, tidy } from '../torch/index.js';
import { kernels } from '../torch/internal.js';

/** Parameters that are stepped alike. */
export interface ParameterGroup {
  readonly parameters: readonly Parameter[];
  /** Multiplies the optimizer's learning rate. */
  readonly learningRateScale?: number;
  /** Climb instead of descend. */
  readonly maximize?: boolean;
  readonly weightDecay?: number;
  readonly momentum?: number;
}

export interface SgdOptions {
  readonly learningRate: number;
  readonly momentum?: number;
  readonly weightDecay?: number;
}

export class Sgd {
  readonly #groups: readonly Required<ParameterGroup>[];
  readonly #momenta = new Map<Parameter, Buffer>();
  #learningRate: number;

  /** `momentum` and `weightDecay` hold for groups that do not say their own. */
  constructor(
    groups: readonly ParameterGroup[],
    { learningRate, momentum = 0.9, weightDecay = 1e-4 }: SgdOptions,
  ) {
    this.#groups = groups.map((group) => ({
      learningRateScale: 1,
      maximize: false,
      weightDecay,
      momentum,
      ...group,
    }));
    this.#learningRate = learningRate;
    const all = this.#groups.flatMap((group) => group.parameters);
    if (new Set(all).size !== all.length) throw new RangeError('Sgd: a parameter is in more than one group');
  }

  get learningRate(): number {
    return this.#learningRate;
  }

  setLearningRate(learningRate: number): void {
    this.#learningRate = learningRate;
  }

  /** Moves every parameter that has a gradient, and leaves the gradients. Both kinds of kernels give the same bits. */
  step(): void {
    noGrad(() =>
      tidy(() => {
        for (const group of this.#groups) {
          if (kernels() === 'fused') this.#stepTogether(group);
          else for (const parameter of group.parameters) this.#stepOne(parameter, group);
        }
      }),
    );
  }

  /** Drops all gradients. */
  zeroGrad(): void {
    for (const { parameters } of this.#groups) for (const parameter of parameters) parameter.zeroGrad_();
  }

  /** The momenta by `group.position`, for a checkpoint: the live tensors, not copies of them. */
  state(): Map<string, Tensor> {
    const state = new Map<string, Tensor>();
    for (const [name, parameter] of this.#named()) {
      const momentum = this.#momenta.get(parameter);
      if (momentum !== undefined) state.set(name, momentum);
    }
    return state;
  }

  /** Puts back what `state()` gave, into an optimizer of the same groups. */
  loadState(state: ReadonlyMap<string, Tensor>): void {
    const named = this.#named();
    for (const [name, momentum] of state) {
      const parameter = named.get(name);
      if (parameter === undefined || String(parameter.shape) !== String(momentum.shape)) {
        const expected = parameter === undefined ? 'no such entry' : `shape [${parameter.shape}]`;
        throw new CheckpointError(
          `optimizer state, ${name}: expected ${expected}, received shape [${momentum.shape}]`,
        );
      }
    }
    this.dispose();
    noGrad(() =>
      tidy(() => {
        for (const [name, parameter] of named) {
          const momentum = state.get(name);
          if (momentum === undefined) continue;
          // A copy of the parameter has its dtype, device and memory format.
          const buffer = new Buffer(parameter.detach().clone());
          buffer.copy_(momentum);
          this.#momenta.set(parameter, buffer);
        }
      }),
    );
  }

  /** Frees the momenta; the parameters stay. */
  dispose(): void {
    for (const momentum of this.#momenta.values()) momentum.dispose();
    this.#momenta.clear();
  }

  /** All parameters of a group in one pass, save that those without momentum yet are a pass of their own. */
  #stepTogether(group: Required<ParameterGroup>): void {
    const { maximize, weightDecay, momentum, learningRateScale } = group;
    const learningRate = this.#learningRate * learningRateScale;
    const moving = group.parameters.flatMap((parameter) => {
      const gradient = parameter.grad;
      return gradient === null ? [] : [{ parameter, gradient }];
    });
    const isNew = ({ parameter }: { readonly parameter: Parameter }) => !this.#momenta.has(parameter);
    const [fresh, known] = [moving.filter(isNew), moving.filter((each) => !isNew(each))];
    for (const [steps, first] of [
      [fresh, true],
      [known, false],
    ] as const) {
      if (steps.length === 0) continue;
      const parameters = steps.map(({ parameter }) => parameter);
      ops.sgdStep_(
        parameters,
        steps.map(({ gradient }) => gradient),
        momentum === 0 ? [] : parameters.map((parameter) => this.#momentumOf(parameter)),
        { learningRate, momentum, weightDecay, maximize, first },
      );
    }
  }

  /** The momentum of a parameter, made with no value where there was none. */
  #momentumOf(parameter: Parameter): Buffer {
    let velocity = this.#momenta.get(parameter);
    if (velocity === undefined) {
      velocity = new Buffer(ops.emptyLike(parameter));
      this.#momenta.set(parameter, velocity);
    }
    return velocity;
  }

  #stepOne(parameter: Parameter, group: Required<ParameterGroup>): void {
    const gradient = parameter.grad;
    if (gradient === null) return;
    const { maximize, weightDecay, momentum, learningRateScale } = group;
    let direction = maximize ? gradient.neg() : gradient;
    if (weightDecay !== 0) direction = ops.addTensor(direction, parameter, { alpha: weightDecay });
    if (momentum !== 0) {
      const velocity = this.#momenta.get(parameter);
      if (velocity === undefined) this.#momenta.set(parameter, new Buffer(direction.clone()));
      else direction = velocity.mul_(momentum).add_(direction);
    }
    parameter.add_(direction, { alpha: -this.#learningRate * learningRateScale });
  }

  #named(): Map<string, Parameter> {
    return new Map(
      this.#groups.flatMap(({ parameters }, group) =>
        parameters.map((parameter, position) => [`${group}.${position}`, parameter] as const),
      ),
    );
  }
}
