/** Averages gradients over the ranks of the process group while the backward pass goes on, by c10d's Reducer. */

import { type Handle, native } from './native.js';
import type { Tensor } from './tensor.js';

/** Runs backward passes whose gradients are averaged over all ranks. */
export class GradientReducer implements Disposable {
  readonly #id: Handle;

  /**
   * @param parameters the same on every rank, in the same order; parameters without a gradient are skipped
   * @param options.bucketBytes size of the buckets in which gradients travel
   */
  constructor(parameters: readonly Tensor[], { bucketBytes }: { readonly bucketBytes: number }) {
    this.#id = native().createReducer(
      parameters.map(({ id }) => id),
      bucketBytes,
    );
  }

  /**
   * Runs the backward pass from `output`. Afterwards the gradient of every parameter, with what it held before, is the
   * mean over all ranks.
   *
   * @throws {OperationError} when the ranks do not train the same parameters, or a rank is lost
   */
  backward(output: Tensor): void {
    native().prepareReducer(this.#id, [output.id]);
    output.backward();
    native().finishReducer(this.#id);
  }

  [Symbol.dispose](): void {
    native().disposeReducer(this.#id);
  }
}
