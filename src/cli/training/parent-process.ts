/**
 * Talks to the process that started this one: the launcher of `coarsely train --processes`, which prints for all its
 * processes, or the queue of `coarsely experiment`, which reads why a run failed.
 */

import { type ErrorMessage, serializeError } from '../../errors/internal.js';

/** Set by the launcher in the environment of the processes it starts. */
export const launcherVariable = 'COARSELY_LAUNCHER';
/** Set by the queue of an experiment in the environment of the processes it starts, whose output goes to a log file. */
export const queueVariable = 'COARSELY_QUEUE';

/** Describes the messages to a launcher; a queue reads the errors alone. */
export type RankMessage = { readonly type: 'run-folder'; readonly folder: string } | ErrorMessage;

function isLaunched(): boolean {
  return process.env[launcherVariable] !== undefined && process.send !== undefined;
}

/** Returns the number of processes that the launcher started; null without a launcher. */
export function launchedProcesses(): number | null {
  return isLaunched() ? Number(process.env.WORLD_SIZE) : null;
}

/** Sends the run's folder to the launcher, which names it when a process fails. */
export function sendRunFolder(folder: string): void {
  if (isLaunched()) send({ type: 'run-folder', folder });
}

/**
 * Sends an error to the launcher or queue.
 *
 * @returns true when the other process prints the error, so that this one must not
 */
export function sendError(error: unknown): boolean {
  if (!isLaunched() && process.env[queueVariable] === undefined) return false;
  send({ type: 'error', error: serializeError(error) });
  return isLaunched();
}

/** Stops the training, as Ctrl-C does, when the launcher is gone. */
export function stopWithLauncher(): void {
  if (!isLaunched()) return;
  process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  // Listening alone must not keep the process alive.
  process.channel?.unref();
}

function send(message: RankMessage): void {
  // A failure means that the other process is gone, and there is nobody to tell.
  process.send?.(message, () => undefined);
}
