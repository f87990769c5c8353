/**
 * A step as all ranks see it: the mean of their losses, and whether one of them was asked to stop. Both travel in one
 * small collective, and the wish is read a step later, so that a GPU is not waited for.
 */

import type { ProcessGroup } from '../distributed/index.js';
import { scope, stack, type Tensor, tensorFrom } from '../torch/index.js';
import type { StepLosses } from './training-components.js';

export class RankLosses {
  readonly #processGroup: ProcessGroup;
  /** Of the last step, and of the one before it, which the device has computed by now. */
  #wish: Tensor | null = null;
  #wishBefore: Tensor | null = null;

  constructor(processGroup: ProcessGroup) {
    this.#processGroup = processGroup;
  }

  /** Takes the losses of this rank's part of the batch, and gives those of the batch. A collective operation. */
  share(losses: StepLosses, { stop }: { readonly stop: boolean }): StepLosses {
    using inner = scope();
    const { main, weighted, auxiliary, objective } = losses;
    const { device } = objective;
    const wish = tensorFrom([stop ? 1 : 0], { dtype: 'float32', shape: [], device });
    const own = [objective, main, weighted, auxiliary].map((loss) => loss ?? wish);
    const sums = stack([...own.map((loss) => loss.to({ dtype: 'float32' })), wish], 0);
    for (const loss of [objective, main, weighted, auxiliary]) loss?.dispose();
    this.#processGroup.allReduce_(sums);
    const means = sums.div(this.#processGroup.worldSize);
    const mean = (place: number) => inner.keep(means.select(0, place).clone());
    this.#wishBefore?.dispose();
    this.#wishBefore = this.#wish;
    this.#wish = mean(own.length);
    return {
      objective: mean(0),
      main: mean(1),
      weighted: weighted && mean(2),
      auxiliary: auxiliary && mean(3),
    };
  }

  /** Whether a rank was asked to stop when the step before the last was shared; the same on all of them. */
  stopWanted(): boolean {
    return (this.#wishBefore?.item() ?? 0) > 0;
  }

  dispose(): void {
    for (const wish of [this.#wish, this.#wishBefore]) wish?.dispose();
    this.#wish = null;
    this.#wishBefore = null;
  }
}
