/** Runs one training for the command line: its worker thread, its display, and Ctrl-C. */

import { Worker } from 'node:worker_threads';
import type { Config } from '../../config/index.js';
import { deserializeError, exitCodes } from '../../errors/internal.js';
import { createProgressDisplay, noDisplay, type ProgressDisplay } from './progress-display.js';
import type { TrainingJob, TrainingMessage } from './train-worker.js';

export interface TrainSessionOptions {
  readonly runFolder: string;
  readonly resume: boolean;
  /** Sets how many steps are profiled; null profiles none. */
  readonly profileSteps?: number | null;
  /** Shows nothing, for ranks above 0: rank 0 shows the progress of all. */
  readonly quiet?: boolean;
}

/**
 * Trains in a worker thread and shows the progress. The first Ctrl-C (or SIGTERM) finishes the step, writes a checkpoint
 * and resolves to `interrupted`; the second ends the process at once with exit code 130.
 */
export async function trainSession(
  config: Config,
  { runFolder, resume, profileSteps = null, quiet = false }: TrainSessionOptions,
): Promise<'finished' | 'interrupted'> {
  const display = quiet
    ? noDisplay
    : createProgressDisplay({ name: config.name, logEvery: config.training.logEvery });
  const stop = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  const removeHandlers = handleInterrupts(new Int32Array(stop), display);
  const job: TrainingJob = { config, runFolder, resume, profileSteps, stop };
  const worker = new Worker(new URL('./train-worker.js', import.meta.url), { workerData: job });
  try {
    return await outcomeOf(worker, display);
  } finally {
    removeHandlers();
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

function handleInterrupts(flag: Int32Array, display: ProgressDisplay): () => void {
  let asked = Number.NEGATIVE_INFINITY;
  const onSignal = () => {
    const now = performance.now();
    // A terminal, or GNU timeout, may deliver one signal twice: to the process and to its group.
    if (now - asked < 1000) return;
    asked = now;
    if (Atomics.exchange(flag, 0, 1) !== 0) process.exit(exitCodes.interrupted);
    display.print('stopping after this step to write a checkpoint (press Ctrl-C again to end at once)');
  };
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.on(signal, onSignal);
  return () => {
    for (const signal of signals) process.off(signal, onSignal);
  };
}
