/**
 * Notices the first step whose loss is not finite. A loss is looked at when the next step has been enqueued, so that a
 * GPU is never left idle for it.
 */

import { CoarselyError } from '../errors/index.js';
import type { Tensor } from '../torch/index.js';

/** Training cannot go on; the message says where it stopped and from where it can be taken up. */
export class DivergenceError extends CoarselyError {
  constructor(message: string) {
    super(message, { code: 'divergence' });
  }
}

interface Watched {
  readonly step: number;
  readonly names: readonly string[];
  readonly objective: Tensor;
}

export class DivergenceWatch {
  #last: Watched | null = null;
  readonly #lastGoodCheckpoint: () => string | null;

  constructor(lastGoodCheckpoint: () => string | null) {
    this.#lastGoodCheckpoint = lastGoodCheckpoint;
  }

  /** Takes over `objective`; looks at the one before it. */
  follow(watched: Watched): void {
    const before = this.#last;
    this.#last = watched;
    if (before) this.#check(before);
  }

  /** Looks at what is left: before a checkpoint, which must not hold a diverged network. */
  settle(): void {
    const last = this.#last;
    this.#last = null;
    if (last) this.#check(last);
  }

  dispose(): void {
    this.#last?.objective.dispose();
    this.#last = null;
  }

  #check({ step, names, objective }: Watched): void {
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
