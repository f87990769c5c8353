/**
 * The thread that trains, so that the main thread stays free for the display and for Ctrl-C. Both share one integer by
 * which the main thread requests a stop; everything else is sent as messages.
 */

import { parentPort, workerData } from 'node:worker_threads';
import type { Config } from '../../config/index.js';
import { type SerializedError, serializeError } from '../../errors/internal.js';
import { trainFilled } from '../../fill/index.js';
import type { TrainingEvent } from '../../training/index.js';

/** Holds what the thread needs to train. */
export interface TrainingJob {
  readonly config: Config;
  readonly runFolder: string;
  readonly resume: boolean;
  readonly allowChangedData: boolean;
  /** Number of steps to profile; null for none. */
  readonly profileSteps: number | null;
  /** One Int32; when it is not 0, the training finishes its step, writes a checkpoint and stops. */
  readonly stop: SharedArrayBuffer;
}

/** Describes the messages of the thread. */
export type TrainingMessage =
  | { readonly type: 'event'; readonly event: TrainingEvent }
  | { readonly type: 'outcome'; readonly outcome: 'finished' | 'interrupted' }
  | { readonly type: 'error'; readonly error: SerializedError };

async function work(): Promise<void> {
  const { config, runFolder, resume, allowChangedData, profileSteps, stop } = workerData as TrainingJob;
  const stopFlag = new Int32Array(stop);
  const send = (message: TrainingMessage) => parentPort?.postMessage(message);
  try {
    const outcome = await trainFilled(config, {
      runFolder,
      resume,
      allowChangedData,
      profileSteps,
      onEvent: (event) => send({ type: 'event', event }),
      shouldStop: () => Atomics.load(stopFlag, 0) !== 0,
    });
    send({ type: 'outcome', outcome });
  } catch (error) {
    send({ type: 'error', error: serializeError(error) });
  }
}

await work();
