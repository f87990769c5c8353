/**
 * Combines a step over all ranks: the mean of their losses, and whether one of them was asked to stop. Both travel in one
 * small collective. The request to stop is read back a step later, so that the host does not wait for a GPU.
 */

import type { ProcessGroup } from '../distributed/index.js';
import { scope, stack, type Tensor, tensorFrom } from '../torch/index.js';
import type { StepLosses } from './training-components.js';

export class RankLosses {
  readonly #processGroup: ProcessGroup;
  /** Is above 0 when a rank was asked to stop at the last step. */
  #stopRequests: Tensor | null = null;
  /** Gives the same of the step before the last, which the device has computed by now. */
  #stopRequestsBefore: Tensor | null = null;

  constructor(processGroup: ProcessGroup) {
    this.#processGroup = processGroup;
  }

  /**
   * Takes ownership of the losses of this rank's part of a batch and returns those of the whole batch. `stop` says
   * whether this rank was asked to stop. Every rank must call it after every step.
   */
  share(losses: StepLosses, { stop }: { readonly stop: boolean }): StepLosses {
    using inner = scope();
    const { main, weighted, region, auxiliary, trusted, objective } = losses;
    const parts = [objective, main, weighted, region, auxiliary, trusted];
    const { device } = objective;
    const stopRequest = tensorFrom([stop ? 1 : 0], { dtype: 'float32', shape: [], device });
    const own = parts.map((loss) => loss ?? stopRequest);
    const sums = stack([...own.map((loss) => loss.to({ dtype: 'float32' })), stopRequest], 0);
    for (const loss of parts) loss?.dispose();
    this.#processGroup.allReduce_(sums);
    const means = sums.div(this.#processGroup.worldSize);
    const mean = (place: number) => inner.keep(means.select(0, place).clone());
    this.#stopRequestsBefore?.dispose();
    this.#stopRequestsBefore = this.#stopRequests;
    this.#stopRequests = mean(own.length);
    return {
      objective: mean(0),
      main: mean(1),
      weighted: weighted && mean(2),
      region: region && mean(3),
      auxiliary: auxiliary && mean(4),
      trusted: trusted && mean(5),
    };
  }

  /** Returns whether any rank had been asked to stop at the step before the last; all ranks get the same answer. */
  stopRequested(): boolean {
    return (this.#stopRequestsBefore?.item() ?? 0) > 0;
  }

  dispose(): void {
    this.#stopRequests?.dispose();
    this.#stopRequestsBefore?.dispose();
    this.#stopRequests = null;
    this.#stopRequestsBefore = null;
  }
}
