/**
 * A process that `coarsely train --processes N` started, seen from itself: it tells its launcher what a person has to
 * know, over a channel of their own, and the launcher prints it once.
 */

import { CoarselyError } from '../../../errors/index.js';

/** Set by the launcher for the processes it starts. */
export const launcherVariable = 'COARSELY_LAUNCHER';

/** An error as a message: `code` is null for one that a user cannot cause. */
export interface RankError {
  readonly message: string;
  readonly stack: string;
  readonly code: string | null;
}

/** What a launched process tells. */
export type RankMessage =
  | { readonly type: 'run-folder'; readonly folder: string }
  | { readonly type: 'error'; readonly error: RankError };

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

/** True when the launcher has been told, and there is nothing to print here. */
export function tellError(error: unknown): boolean {
  if (!isLaunched()) return false;
  const { message, stack = message } = error instanceof Error ? error : new Error(String(error));
  send({
    type: 'error',
    error: { message, stack, code: error instanceof CoarselyError ? error.code : null },
  });
  return true;
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
