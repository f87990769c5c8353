/**
 * Gradients averaged over ranks while backward computes the rest of them, by c10d's Reducer. What every rank then holds
 * is the gradient of the mean of the ranks' objectives.
 */

import type { Tensor } from '../torch/index.js';
import { native } from '../torch/internal.js';
import type { ProcessGroup } from './process-group.js';

export interface GradientSynchronizerOptions {
  /** Gradients travel in buckets of about this size, when all of a bucket are there. */
  readonly bucketMiB?: number;
}

export class GradientSynchronizer implements Disposable {
  readonly #processGroup: ProcessGroup;
  readonly #parameters: readonly Tensor[];
  readonly #bucketBytes: number;
  #reducer: number | null = null;

  /**
   * @param parameters the same on every rank, in the same order; those that need no gradient, or get none, are left out
   */
  constructor(
    processGroup: ProcessGroup,
    parameters: readonly Tensor[],
    { bucketMiB = 25 }: GradientSynchronizerOptions = {},
  ) {
    this.#processGroup = processGroup;
    this.#parameters = [...parameters];
    this.#bucketBytes = Math.max(1, Math.round(bucketMiB * 2 ** 20));
  }

  /**
   * Runs the backward from `output`, after which every parameter's gradient, with what it held before, is the mean over
   * ranks. A backward outside stays on this rank: the earlier parts of a step that is taken in several.
   *
   * @throws DistributedError where another rank is lost, OperationError where ranks do not train the same parameters
   */
  backward(output: Tensor): void {
    this.#processGroup.guard('backward', () => {
      const reducer = this.#open();
      native().prepareReducer(reducer, [output.id]);
      output.backward();
      native().finishReducer(reducer);
    });
  }

  dispose(): void {
    if (this.#reducer !== null) native().disposeReducer(this.#reducer);
    this.#reducer = null;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Made at the first backward: what a parameter is may change until then, as when a model moves to a device. */
  #open(): number {
    this.#reducer ??= native().createReducer(
      this.#parameters.map(({ id }) => id),
      this.#bucketBytes,
    );
    return this.#reducer;
  }
}
