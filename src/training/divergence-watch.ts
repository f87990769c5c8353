/**
 * Ends a training at the first step whose loss is not finite. A loss is read back only when the next step has been
 * enqueued, so that a GPU is never idle because of it.
 */

import { CoarselyError } from '../errors/index.js';
import type { Tensor } from '../torch/index.js';

/** Reports a loss that became NaN or infinite. The message names the step and the checkpoint to continue from. */
export class DivergenceError extends CoarselyError {
  constructor(message: string) {
    super(message, { code: 'divergence' });
  }
}

interface StepObjective {
  readonly step: number;
  /** Names the images of the batch. */
  readonly names: readonly string[];
  /** Gives the scalar that the step descended. */
  readonly objective: Tensor;
}

export class DivergenceWatch {
  #last: StepObjective | null = null;
  readonly #lastGoodCheckpoint: () => string | null;

  constructor(lastGoodCheckpoint: () => string | null) {
    this.#lastGoodCheckpoint = lastGoodCheckpoint;
  }

  /**
   * Takes ownership of a step's objective and checks the one of the step before.
   * @throws {DivergenceError} when the objective of the step before was not finite
   */
  follow(latest: StepObjective): void {
    const before = this.#last;
    this.#last = latest;
    if (before) this.#check(before);
  }

  /**
   * Checks the latest objective, before a checkpoint that must not hold a diverged network.
   * @throws {DivergenceError} when it is not finite
   */
  settle(): void {
    const last = this.#last;
    this.#last = null;
    if (last) this.#check(last);
  }

  dispose(): void {
    this.#last?.objective.dispose();
    this.#last = null;
  }

  #check({ step, names, objective }: StepObjective): void {
    // The host waits for the device here.
    const value = objective.item();
    objective.dispose();
    if (Number.isFinite(value)) return;
    const checkpoint = this.#lastGoodCheckpoint();
    throw new DivergenceError(
      `the loss became ${value} at step ${step} (batch: ${names.join(', ')}). ` +
        (checkpoint ? `Last good checkpoint: ${checkpoint}. ` : 'There is no checkpoint yet. ') +
        'Lower optimizer.learningRate or set optimizer.clipNorm.',
    );
  }
}
