/** Keeps two processes from training into one folder. */

import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { CheckpointError, ConfigError } from '../errors/index.js';
import {
  isSystemError,
  type LockOwner,
  livingOwner,
  ownerName,
  ProcessLock,
  systemErrorReason,
} from '../files/index.js';
import { lockFile } from './run-folder.js';

/** Holds the lock of a run's folder until `release`. */
export class RunLock {
  readonly #lock: ProcessLock;

  /**
   * Locks the folder.
   * @throws {ConfigError} when a running process holds the lock
   * @throws {CheckpointError} when the lock cannot be written
   */
  constructor(folder: string) {
    const path = join(folder, lockFile);
    const taken = takeLock(path);
    if (!(taken instanceof ProcessLock)) throw inUse(path, taken);
    this.#lock = taken;
  }

  release(): void {
    this.#lock.release();
  }
}

function takeLock(path: string): ProcessLock | LockOwner {
  try {
    return ProcessLock.take(path);
  } catch (cause) {
    if (!isSystemError(cause)) throw cause;
    throw new CheckpointError(`${path}: cannot be written (${systemErrorReason(cause)})`, { cause });
  }
}

/** Returns the running process that trains into a folder, or null when there is none. */
export function trainingProcess(folder: string): { readonly pid: number; readonly host: string } | null {
  const owner = livingOwner(join(folder, lockFile));
  return owner && { pid: owner.pid, host: owner.host };
}

/** Tells whether a process that was killed left its lock in a run's folder. */
export function hasStaleLock(folder: string): boolean {
  const path = join(folder, lockFile);
  return existsSync(path) && livingOwner(path) === null;
}

/**
 * Asks the process that trains into a folder to stop as Ctrl-C does: it finishes its step, writes a checkpoint and ends. The
 * lock names the process with its start, so that another one that got the same number is never asked.
 *
 * @throws {ConfigError} when nobody trains, or a process on another machine or of another user does
 */
export function stopTraining(folder: string): { readonly pid: number } {
  const owner = livingOwner(join(folder, lockFile));
  if (owner === null) throw new ConfigError(`${folder}: no process is training into this folder`);
  if (owner.host !== hostname())
    throw new ConfigError(`${folder}: ${ownerName(owner)} trains this run; stop it there, with Ctrl-C`);
  if (owner.pid === process.pid)
    throw new ConfigError(`${folder}: this process itself trains this run; stop it with Ctrl-C`);
  if (owner.started === null)
    throw new ConfigError(
      `${folder}: ${lockFile} does not say when process ${owner.pid} started, so it cannot be told from another process of the same number; stop it with Ctrl-C`,
    );
  try {
    process.kill(owner.pid, 'SIGINT');
  } catch (cause) {
    if (!isSystemError(cause)) throw cause;
    throw new ConfigError(`${folder}: process ${owner.pid} cannot be stopped (${systemErrorReason(cause)})`, {
      cause,
    });
  }
  return { pid: owner.pid };
}

/**
 * Checks early that nobody trains into a folder, before anything is loaded; the lock itself is taken later.
 * @throws {ConfigError} naming the process that does
 */
export function rejectIfTraining(folder: string): void {
  const path = join(folder, lockFile);
  const owner = livingOwner(path);
  if (owner !== null) throw inUse(path, owner);
}

function inUse(path: string, owner: LockOwner): ConfigError {
  return new ConfigError(
    `${dirname(path)}: ${ownerName(owner)} is training into this folder; wait for it, or remove ${lockFile} if that process no longer runs`,
  );
}
