/**
 * Defines optimizers, which move groups of parameters by their gradients. All groups follow one learning rate, which a
 * schedule may change before every step.
 */

import { CheckpointError, OperationError } from '../errors/index.js';
import type { Parameter } from '../nn/index.js';
import type { Component } from '../registry/index.js';
import { noGrad, type Tensor, tidy } from '../torch/index.js';

/** Groups parameters that are updated alike. */
export interface ParameterGroup {
  readonly parameters: readonly Parameter[];
  /** Factor on the optimizer's learning rate; 1 by default. A negative one climbs, and makes weight decay growth. */
  readonly learningRateScale?: number;
  /**
   * Ascends the objective instead of descending it. The gradient is negated before weight decay is added, so that decay
   * still shrinks the parameters; a negative learning rate would make them grow.
   */
  readonly maximize?: boolean;
  /** Replaces the optimizer's weight decay for this group. */
  readonly weightDecay?: number;
}

/** Holds what an optimizer is created for. */
export interface OptimizerContext {
  readonly groups: readonly ParameterGroup[];
}

/** Holds the options that every optimizer has. */
export interface OptimizerSettings {
  /** Base learning rate, from which schedules start. */
  readonly learningRate: number;
}

/** Holds what an optimizer sets for groups that do not state their own. */
export interface OptimizerDefaults extends OptimizerSettings {
  readonly weightDecay: number;
}

/** Describes an optimizer that a config can name. */
export interface OptimizerComponent<Options extends OptimizerSettings = OptimizerSettings>
  extends Component<Options, OptimizerContext, Optimizer> {}

/** Completes a group with the defaults of its optimizer. */
export type CompleteGroup<Group extends ParameterGroup = ParameterGroup> = Group & Required<ParameterGroup>;

/** Updates groups of parameters by their gradients. */
export abstract class Optimizer<Group extends ParameterGroup = ParameterGroup> {
  protected readonly groups: readonly CompleteGroup<Group>[];
  #learningRate: number;

  /**
   * Completes the groups by the optimizer's defaults.
   *
   * @throws {OperationError} when a parameter is in more than one group
   */
  constructor(groups: readonly Group[], { learningRate, weightDecay }: OptimizerDefaults) {
    this.groups = groups.map((group) => ({ learningRateScale: 1, maximize: false, weightDecay, ...group }));
    this.#learningRate = learningRate;
    const all = this.groups.flatMap(({ parameters }) => parameters);
    if (new Set(all).size !== all.length) {
      throw new OperationError(`${this.constructor.name}: a parameter is in more than one group`);
    }
  }

  get learningRate(): number {
    return this.#learningRate;
  }

  setLearningRate(learningRate: number): void {
    this.#learningRate = learningRate;
  }

  /** Updates every parameter that has a gradient. Gradients stay until `zeroGrad`. */
  step(): void {
    noGrad(() =>
      tidy(() => {
        for (const group of this.groups) this.stepGroup(group);
      }),
    );
  }

  /** Drops all gradients. */
  zeroGrad(): void {
    for (const { parameters } of this.groups) for (const parameter of parameters) parameter.zeroGrad_();
  }

  /** Returns what a checkpoint needs beside the parameters, by name: the live tensors, not copies. */
  abstract state(): Map<string, Tensor>;

  /**
   * Restores what `state()` returned, into an optimizer of the same kind and groups.
   *
   * @throws {CheckpointError} naming an entry that does not fit; nothing is changed then
   */
  abstract loadState(state: ReadonlyMap<string, Tensor>): void;

  /** Frees the optimizer's own tensors; the parameters stay. */
  abstract dispose(): void;

  /** Updates the parameters of one group, without recording gradients. */
  protected abstract stepGroup(group: CompleteGroup<Group>): void;
}

/**
 * Checks that every entry of `state` has a place of its shape among `places`.
 *
 * @throws {CheckpointError} naming the entry, the shape expected and the one received
 */
export function expectEntries(
  state: ReadonlyMap<string, Tensor>,
  places: ReadonlyMap<string, { readonly shape: readonly number[] }>,
): void {
  for (const [name, { shape }] of state) {
    const place = places.get(name);
    if (place !== undefined && String(place.shape) === String(shape)) continue;
    const expected = place === undefined ? 'no such entry' : `shape [${place.shape}]`;
    throw new CheckpointError(`optimizer state, ${name}: expected ${expected}, received shape [${shape}]`);
  }
}
