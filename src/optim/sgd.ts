/**
 * Implements stochastic gradient descent with momentum, with the numbers of `torch.optim.SGD` (dampening 0, no
 * Nesterov):
 *
 *     d = maximize ? −grad : grad;  d += weightDecay · p;  v = first step ? d : momentum · v + d;  p −= α · scale · v
 */

import { z } from 'zod';
import { Buffer, type Parameter } from '../nn/index.js';
import { defineComponent, parseOptions } from '../registry/index.js';
import { noGrad, ops, type Tensor, tidy } from '../torch/index.js';
import { selectKernel } from '../torch/internal.js';
import {
  type CompleteGroup,
  expectEntries,
  Optimizer,
  type OptimizerContext,
  type ParameterGroup,
} from './optimizer.js';

const schema = z
  .strictObject({
    learningRate: z
      .number()
      .positive()
      .default(0.02)
      .describe(
        'Base learning rate, which the schedule multiplies. The paper has 0.02 for batches of 16 images.',
      ),
    momentum: z
      .number()
      .min(0)
      .lt(1)
      .default(0.9)
      .describe('Share of the previous update that is kept; 0 keeps none.'),
    weightDecay: z
      .number()
      .min(0)
      .default(1e-4)
      .describe('Factor on the parameters that is added to their gradients (L2 penalty).'),
  })
  .describe('Stochastic gradient descent with momentum, as in the paper.');

/** Configures `Sgd`. */
export interface SgdOptions extends z.input<typeof schema> {}

/** Groups parameters that `Sgd` updates alike. */
export interface SgdGroup extends ParameterGroup {
  /** Replaces the optimizer's momentum for this group. */
  readonly momentum?: number;
}

/** Updates parameters as `torch.optim.SGD` does. */
export class Sgd extends Optimizer<SgdGroup> {
  readonly #momentum: number;
  readonly #momenta = new Map<Parameter, Buffer>();

  /**
   * Creates the optimizer of these groups.
   *
   * @throws {OperationError} when an option is out of range or a parameter is in more than one group
   */
  constructor(groups: readonly SgdGroup[], options: SgdOptions = {}) {
    const { momentum, ...settings } = parseOptions('Sgd', schema, options);
    super(groups, settings);
    this.#momentum = momentum;
  }

  /** Returns the momenta, each named `group.position` after the place of its parameter. */
  state(): Map<string, Tensor> {
    const state = new Map<string, Tensor>();
    for (const [name, parameter] of this.#named()) {
      const momentum = this.#momenta.get(parameter);
      if (momentum !== undefined) state.set(name, momentum);
    }
    return state;
  }

  loadState(state: ReadonlyMap<string, Tensor>): void {
    const named = this.#named();
    expectEntries(state, named);
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

  dispose(): void {
    for (const momentum of this.#momenta.values()) momentum.dispose();
    this.#momenta.clear();
  }

  /** Updates a group; fused and stock kernels give the same bits. */
  protected stepGroup(group: CompleteGroup<SgdGroup>): void {
    selectKernel('sgdStep', {
      inputs: group.parameters,
      fused: () => this.#stepTogether(group),
      stock: () => {
        for (const parameter of group.parameters) this.#stepOne(parameter, group);
      },
    });
  }

  /** Updates all parameters of a group in one pass, and in a second those that have no momentum yet. */
  #stepTogether(group: CompleteGroup<SgdGroup>): void {
    const { maximize, weightDecay, learningRateScale, momentum = this.#momentum } = group;
    const learningRate = this.learningRate * learningRateScale;
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

  /** Returns the momentum of a parameter, uninitialized where there was none. */
  #momentumOf(parameter: Parameter): Buffer {
    let velocity = this.#momenta.get(parameter);
    if (velocity === undefined) {
      velocity = new Buffer(ops.emptyLike(parameter));
      this.#momenta.set(parameter, velocity);
    }
    return velocity;
  }

  #stepOne(parameter: Parameter, group: CompleteGroup<SgdGroup>): void {
    const gradient = parameter.grad;
    if (gradient === null) return;
    const { maximize, weightDecay, learningRateScale, momentum = this.#momentum } = group;
    let direction = maximize ? gradient.neg() : gradient;
    if (weightDecay !== 0) direction = ops.addTensor(direction, parameter, { alpha: weightDecay });
    if (momentum !== 0) {
      const velocity = this.#momenta.get(parameter);
      if (velocity === undefined) this.#momenta.set(parameter, new Buffer(direction.clone()));
      else direction = velocity.mul_(momentum).add_(direction);
    }
    parameter.add_(direction, { alpha: -this.learningRate * learningRateScale });
  }

  #named(): Map<string, Parameter> {
    return new Map(
      this.groups.flatMap(({ parameters }, group) =>
        parameters.map((parameter, position) => [`${group}.${position}`, parameter] as const),
      ),
    );
  }
}

export const sgdComponent = defineComponent({
  kind: 'sgd',
  options: schema,
  create: (parsed, { groups }: OptimizerContext) => new Sgd(groups, parsed),
});
