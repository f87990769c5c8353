/**
 * A process that `coarsely train --processes N` started, seen from itself: it tells its launcher what a person has to
 * know, over a channel of their own, and the launcher prints it once.
 */

import { type ErrorMessage, serializeError } from '../../../errors/internal.js';

/** Set by the launcher for the processes it starts. */
export const launcherVariable = 'COARSELY_LAUNCHER';
/** Set by the queue of an experiment for the processes it starts; what they print goes to a log file. */
export const queueVariable = 'COARSELY_QUEUE';

/** What a launched process tells. */
export type RankMessage = { readonly type: 'run-folder'; readonly folder: string } | ErrorMessage;

function isLaunched(): boolean {
  return process.env[launcherVariable] !== undefined && process.send !== undefined;
}

/** How many processes the launcher started; null where there is none. */
export function launchedProcesses(): number | null {
  return isLaunched() ? Number(process.env.WORLD_SIZE) : null;
}

export function tellRunFolder(folder: string): void {
  if (isLaunched()) send({ type: 'run-folder', folder });
}

/**
 * Sends an error to the process that started this one, when that process asked for it.
 * @returns true when that process prints the error, so that this one must not
 */
export function tellError(error: unknown): boolean {
  if (!isLaunched() && process.env[queueVariable] === undefined) return false;
  send({ type: 'error', error: serializeError(error) });
  return isLaunched();
}

/** Asks the training to stop, as Ctrl-C does, when the launcher is gone. */
export function followLauncher(): void {
  if (!isLaunched()) return;
  process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  // Listening alone must not keep the process alive.
  process.channel?.unref();
}

function send(message: RankMessage): void {
  // A launcher that is gone has nobody to tell.
  process.send?.(message, () => undefined);
}
