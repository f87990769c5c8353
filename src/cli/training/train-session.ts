/** Runs one training for the command line: starts its thread, shows its progress and answers to Ctrl-C. */

import { Worker } from 'node:worker_threads';
import type { Config } from '../../config/index.js';
import { deserializeError, exitCodes } from '../../errors/internal.js';
import { onStopRequest } from './interrupts.js';
import { createProgressDisplay, noDisplay, type ProgressDisplay } from './progress-display.js';
import type { TrainingJob, TrainingMessage } from './train-worker.js';

/** Configures a training. */
export interface TrainSessionOptions {
  readonly runFolder: string;
  readonly resume: boolean;
  /** Resumes although samples of the dataset are gone or new. */
  readonly allowChangedData?: boolean;
  /** Number of steps to profile; null for none. */
  readonly profileSteps?: number | null;
  /** Shows nothing, for processes whose progress rank 0 shows. */
  readonly quiet?: boolean;
}

/**
 * Trains in a worker thread and shows the progress. The first Ctrl-C or SIGTERM lets the step finish and a checkpoint be
 * written, and resolves to `interrupted`; the second ends the process at once.
 *
 * @throws the error that ended the training
 */
export async function trainSession(
  config: Config,
  { runFolder, resume, allowChangedData = false, profileSteps = null, quiet = false }: TrainSessionOptions,
): Promise<'finished' | 'interrupted'> {
  const display = quiet
    ? noDisplay
    : createProgressDisplay({
        name: config.name,
        logEvery: config.training.logEvery,
        device: config.device,
      });
  const stop = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  const endRequests = onStopRequest(['SIGINT', 'SIGTERM'], (count) => {
    if (count > 1) process.exit(exitCodes.interrupted);
    Atomics.store(new Int32Array(stop), 0, 1);
    display.print('stopping after this step to write a checkpoint (press Ctrl-C again to end at once)');
  });
  const job: TrainingJob = { config, runFolder, resume, allowChangedData, profileSteps, stop };
  const worker = new Worker(new URL('./train-worker.js', import.meta.url), { workerData: job });
  try {
    return await outcomeOf(worker, display);
  } finally {
    endRequests();
    display.close();
    await worker.terminate();
  }
}

function outcomeOf(worker: Worker, display: ProgressDisplay): Promise<'finished' | 'interrupted'> {
  return new Promise((resolve, reject) => {
    worker.on('message', (message: TrainingMessage) => {
      switch (message.type) {
        case 'event':
          display.show(message.event);
          // The training goes on, but its scores are not those of all images.
          if (message.event.type === 'leftOut') process.exitCode = exitCodes.failure;
          break;
        case 'outcome':
          resolve(message.outcome);
          break;
        case 'error':
          reject(deserializeError(message.error));
          break;
        default:
          message satisfies never;
      }
    });
    worker.on('error', reject);
    worker.on('exit', (code) => reject(new Error(`the training thread ended early with exit code ${code}`)));
  });
}
