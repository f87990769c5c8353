/**
 * Measures how much of a run is spent waiting for data. One step says little, because batches come in turns from several
 * workers, so recent steps are averaged. The first step is left out, as it waits for the workers to start.
 */

import type { TrainingEvent } from './events.js';

type StepEvent = Extract<TrainingEvent, { type: 'step' }>;

/** The weight of a step halves every 34 steps. */
const memory = 0.98;

export class WaitMeter {
  #waited = 0;
  #elapsed = 0;
  #started = false;

  note({ dataWaitShare, perSecond }: Pick<StepEvent, 'dataWaitShare' | 'perSecond'>): void {
    if (this.#started && perSecond > 0) {
      // All steps have the same number of images or pixels, so this is proportional to the time of a step.
      const elapsed = 1 / perSecond;
      this.#waited = memory * this.#waited + dataWaitShare * elapsed;
      this.#elapsed = memory * this.#elapsed + elapsed;
    }
    this.#started = true;
  }

  /** Gives the share of the time in [0, 1] that is spent waiting; null before two steps were noted. */
  get share(): number | null {
    return this.#elapsed > 0 ? this.#waited / this.#elapsed : null;
  }
}
