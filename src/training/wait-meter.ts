/**
 * How much of a run goes by waiting for data. One step says little: batches come in turns from several workers, so the
 * steps seen last are taken together. The first one is left out, since it waits for the workers to start.
 */

import type { TrainingEvent } from './events.js';

type StepEvent = Extract<TrainingEvent, { type: 'step' }>;

/** A step counts half as much after 34 further ones. */
const memory = 0.98;

export class WaitMeter {
  #waited = 0;
  #elapsed = 0;
  #started = false;

  note({ dataWaitShare, imagesPerSecond }: Pick<StepEvent, 'dataWaitShare' | 'imagesPerSecond'>): void {
    if (this.#started && imagesPerSecond > 0) {
      // Steps have equally many images, so that this is a step's time in some unit.
      const elapsed = 1 / imagesPerSecond;
      this.#waited = memory * this.#waited + dataWaitShare * elapsed;
      this.#elapsed = memory * this.#elapsed + elapsed;
    }
    this.#started = true;
  }

  /** A share of the time; null before two steps were seen. */
  get share(): number | null {
    return this.#elapsed > 0 ? this.#waited / this.#elapsed : null;
  }
}
