/**
 * Reports from a process that `coarsely train --processes N` started to its launcher, over a channel of their own. The
 * launcher prints each report once.
 */

import { type ErrorMessage, serializeError } from '../../../errors/internal.js';

/** Names the variable that the launcher sets for the processes it starts. */
export const launcherVariable = 'COARSELY_LAUNCHER';
/** Names the variable that the queue of an experiment sets for its processes, whose output goes to a log file. */
export const queueVariable = 'COARSELY_QUEUE';

/** Describes the messages of a launched process to its launcher. */
export type RankMessage = { readonly type: 'run-folder'; readonly folder: string } | ErrorMessage;

function isLaunched(): boolean {
  return process.env[launcherVariable] !== undefined && process.send !== undefined;
}

/** Returns how many processes the launcher started; null without a launcher. */
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

/** Requests that the training stop, as Ctrl-C does, when the launcher is gone. */
export function followLauncher(): void {
  if (!isLaunched()) return;
  process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  // The channel must not keep the process alive.
  process.channel?.unref();
}

function send(message: RankMessage): void {
  // A launcher that is gone receives no messages.
  process.send?.(message, () => undefined);
}
