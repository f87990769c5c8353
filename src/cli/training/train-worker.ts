/**
 * Trains in a worker thread, so that the command line's own thread stays free for the display and for Ctrl-C. The two
 * share one integer that requests a stop, and events come back as messages.
 */

import { parentPort, workerData } from 'node:worker_threads';
import type { Config } from '../../config/index.js';
import { type SerializedError, serializeError } from '../../errors/internal.js';
import { runTraining, type TrainingEvent } from '../../training/index.js';

/** Holds the data that the thread starts with. */
export interface TrainingJob {
  readonly config: Config;
  readonly runFolder: string;
  readonly resume: boolean;
  /** Sets how many steps are profiled; null profiles none. */
  readonly profileSteps: number | null;
  /**
   * Holds one Int32 in shared memory; a value other than 0 requests to finish the step, write a checkpoint and stop.
   */
  readonly stop: SharedArrayBuffer;
}

/** Describes the messages that the thread sends. */
export type TrainingMessage =
  | { readonly type: 'event'; readonly event: TrainingEvent }
  | { readonly type: 'outcome'; readonly outcome: 'finished' | 'interrupted' }
  | { readonly type: 'error'; readonly error: SerializedError };

async function work(): Promise<void> {
  const { config, runFolder, resume, profileSteps, stop } = workerData as TrainingJob;
  const flag = new Int32Array(stop);
  const send = (message: TrainingMessage) => parentPort?.postMessage(message);
  try {
    const outcome = await runTraining(config, {
      runFolder,
      resume,
      profileSteps,
      onEvent: (event) => send({ type: 'event', event }),
      shouldStop: () => Atomics.load(flag, 0) !== 0,
    });
    send({ type: 'outcome', outcome });
  } catch (error) {
    send({ type: 'error', error: serializeError(error) });
  }
}

await work();
