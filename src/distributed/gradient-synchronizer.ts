/**
 * Averages gradients over the ranks of a process group while the backward pass computes the rest of them. Every rank
 * then holds the gradient of the mean of the ranks' objectives.
 */

import type { Tensor } from '../torch/index.js';
import { GradientReducer } from '../torch/internal.js';
import type { ProcessGroup } from './process-group.js';

/** Configures a `GradientSynchronizer`. */
export interface GradientSynchronizerOptions {
  /**
   * Sets the size of the buckets in which gradients are sent, in MiB. A bucket is sent when all its gradients are
   * computed.
   */
  readonly bucketMiB?: number;
}

/** Runs backward passes whose gradients are averaged over all ranks. */
export class GradientSynchronizer implements Disposable {
  readonly #processGroup: ProcessGroup;
  readonly #parameters: readonly Tensor[];
  readonly #bucketBytes: number;
  #reducer: GradientReducer | null = null;

  /** @param parameters the same on every rank, in the same order; parameters without a gradient are skipped */
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
   * Runs the backward pass from `output`. Afterwards the gradient of every parameter, with what it held before, is the
   * mean over all ranks. When a step accumulates gradients over several backward passes, only the last one goes through
   * here; the others are ordinary backward passes, whose gradients stay on their rank until then.
   *
   * @throws {DistributedError} when another rank is lost
   * @throws {OperationError} when the ranks do not train the same parameters
   */
  backward(output: Tensor): void {
    this.#processGroup.guard('backward', () => {
      // Created at the first backward pass, as moving a model to a device replaces the storage of its parameters.
      this.#reducer ??= new GradientReducer(this.#parameters, { bucketBytes: this.#bucketBytes });
      this.#reducer.backward(output);
    });
  }

  dispose(): void {
    this.#reducer?.[Symbol.dispose]();
    this.#reducer = null;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
