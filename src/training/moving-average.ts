/**
 * Keeps a moving average of a network's parameters and buffers in a copy of the network (Tarvainen and Valpola, "Mean
 * teachers are better role models", NeurIPS 2017). What is frozen is equal in both and is left alone.
 */

import type { Module } from '../nn/index.js';
import { noGrad, ops, type Tensor } from '../torch/index.js';
import { isFloatingPoint } from '../torch/internal.js';

/** Configures `MovingAverage`, as the `teacher` section of a config does. */
export interface MovingAverageOptions {
  /** Share of the average that is kept at each step. */
  readonly momentum: number;
  /** Keeps at most (1 + t) / (10 + t) after t steps. */
  readonly warmUp: boolean;
}

/** Updates the tensors of one module, the average, by those of another of the same structure. */
export class MovingAverage {
  readonly #pairs: readonly { readonly average: Tensor; readonly current: Tensor }[];
  readonly #options: MovingAverageOptions;

  /** Creates it for a copy of `model`; both belong to the caller. */
  constructor(
    { average, model }: { readonly average: Module; readonly model: Module },
    options: MovingAverageOptions,
  ) {
    const averages = average.stateDict();
    this.#pairs = [...changingState(model)].map(([name, current]) => ({
      average: averages.get(name) as Tensor,
      current,
    }));
    this.#options = options;
  }

  /** Sets the average to the network as it is. */
  restart(): void {
    noGrad(() => {
      for (const { average, current } of this.#pairs) average.copy_(current);
    });
  }

  /** Moves the average toward the network, after the step that follows `stepsTaken` others. */
  update(stepsTaken: number): void {
    const share = 1 - momentumAt(stepsTaken, this.#options);
    noGrad(() => {
      for (const { average, current } of this.#pairs) {
        if (isFloatingPoint(average.dtype)) ops.lerpScalar_(average, current, share);
        else average.copy_(current);
      }
    });
  }
}

/** Returns the share of the average that is kept at the step that follows `stepsTaken` others. */
export function momentumAt(stepsTaken: number, { momentum, warmUp }: MovingAverageOptions): number {
  return warmUp ? Math.min(momentum, (1 + stepsTaken) / (10 + stepsTaken)) : momentum;
}

/** Returns the parameters that learn and the buffers that training may change, by name. */
export function changingState(module: Module): Map<string, Tensor> {
  const frozen = [...module.namedModules()].flatMap(([path, part]) => (part.isFrozen ? [`${path}.`] : []));
  const learning = [...module.namedParameters()].filter(([, parameter]) => parameter.requiresGrad);
  const buffers = [...module.namedBuffers()].filter(
    ([name]) => !frozen.some((path) => name.startsWith(path)),
  );
  return new Map<string, Tensor>([...learning, ...buffers]);
}
