/**
 * Adam (Kingma & Ba 2015) for what a strategy learns by itself, apart from the game that the main optimizer plays. A
 * module, so that its moments are saved with the parameters that they belong to.
 */

import { Buffer, Module, type Parameter } from '../nn/index.js';
import { noGrad, tidy, zeros } from '../torch/index.js';

const firstDecay = 0.9;
const secondDecay = 0.999;
const smallest = 1e-8;

export class Adam extends Module {
  readonly first: readonly Buffer[];
  readonly second: readonly Buffer[];
  /** Steps taken, a scalar. */
  readonly steps: Buffer;
  readonly #parameters: readonly Parameter[];
  readonly #learningRate: number;

  constructor(parameters: readonly Parameter[], { learningRate }: { readonly learningRate: number }) {
    super();
    const moments = () =>
      parameters.map(({ shape, dtype, device }) => new Buffer(zeros(shape, { dtype, device })));
    this.first = moments();
    this.second = moments();
    this.steps = new Buffer(zeros([], { dtype: 'float32' }));
    this.#parameters = parameters;
    this.#learningRate = learningRate;
  }

  /** Moves every parameter that has a gradient, and drops the gradients. The host waits for the device once. */
  step(): void {
    noGrad(() =>
      tidy(() => {
        const steps = this.steps.add_(1).item();
        const rate = this.#learningRate / (1 - firstDecay ** steps);
        const correction = 1 / (1 - secondDecay ** steps);
        for (const [place, parameter] of this.#parameters.entries()) {
          const gradient = parameter.grad;
          const first = this.first[place];
          const second = this.second[place];
          if (gradient === null || first === undefined || second === undefined) continue;
          first.mul_(firstDecay).add_(gradient, { alpha: 1 - firstDecay });
          second.mul_(secondDecay).add_(gradient.square(), { alpha: 1 - secondDecay });
          parameter.add_(first.div(second.mul(correction).sqrt().add(smallest)), { alpha: -rate });
          parameter.zeroGrad_();
        }
      }),
    );
  }
}
