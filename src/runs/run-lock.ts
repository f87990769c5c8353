/**
 * Keeps two processes from training into one folder. The lock is a file that names its owner. The lock of a process that
 * no longer runs (after a kill or a power cut) is taken over, so that nobody has to remove it by hand.
 */

import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { threadId } from 'node:worker_threads';
import { CheckpointError, ConfigError } from '../errors/index.js';
import {
  createExclusively,
  isSystemError,
  parseJson,
  pause,
  systemErrorReason,
  temporarySuffix,
} from '../files/index.js';
import { lockFile } from './run-folder.js';

interface LockOwner {
  readonly pid: number;
  readonly host: string;
  /** Gives the start time of the process in the kernel's clock ticks, which tells a reused pid apart; null when unknown. */
  readonly started: string | null;
}

/** Limits how long an empty or torn lock may still be in the making, on file systems without hard links. */
const makingMilliseconds = 500;

/** Limits the rounds: two processes may find the same dead lock at once, and the one that loses tries again. */
const maxRounds = 10;

/** Holds the lock of a run's folder until `release`. */
export class RunLock {
  readonly #path: string;
  readonly #text: string;
  #held = true;

  /**
   * Locks the folder.
   * @throws {ConfigError} when a running process holds the lock
   * @throws {CheckpointError} when the lock cannot be written
   */
  constructor(folder: string) {
    this.#path = join(folder, lockFile);
    this.#text = `${JSON.stringify({ pid: process.pid, host: hostname(), started: startOfProcess(process.pid) })}\n`;
    // Made from a file that is already complete, so that nobody reads a lock without its owner where links exist.
    const whole = `${this.#path}.${process.pid}-${threadId}${temporarySuffix}`;
    try {
      writeFileSync(whole, this.#text);
      this.#acquire(whole);
    } catch (cause) {
      if (!isSystemError(cause)) throw cause;
      throw new CheckpointError(`${this.#path}: cannot be written (${systemErrorReason(cause)})`, { cause });
    } finally {
      rmSync(whole, { force: true });
    }
  }

  release(): void {
    if (!this.#held) return;
    this.#held = false;
    if (readText(this.#path) === this.#text) rmSync(this.#path, { force: true });
  }

  #acquire(whole: string): void {
    for (let round = 0; round < maxRounds; round += 1) {
      if (createExclusively(this.#path, { from: whole })) return;
      const found = readWholeLock(this.#path);
      if (found === null) continue; // released in between
      const owner = parseOwner(found);
      if (owner !== null && isAlive(owner)) throw inUse(this.#path, owner);
      removeStale(this.#path, { expected: found, aside: `${whole}.stale${temporarySuffix}` });
    }
    throw new ConfigError(
      `${this.#path}: could not be acquired, as other processes keep taking it; try again`,
    );
  }
}

/** Returns the running process that trains into a folder, or null when there is none. */
export function trainingProcess(folder: string): { readonly pid: number; readonly host: string } | null {
  const owner = livingOwner(folder);
  return owner && { pid: owner.pid, host: owner.host };
}

/**
 * Checks early that nobody trains into a folder, before anything is loaded; the lock itself is taken later.
 * @throws {ConfigError} naming the process that does
 */
export function rejectIfTraining(folder: string): void {
  const owner = livingOwner(folder);
  if (owner !== null) throw inUse(join(folder, lockFile), owner);
}

function livingOwner(folder: string): LockOwner | null {
  const text = readText(join(folder, lockFile));
  const owner = text === null ? null : parseOwner(text);
  return owner !== null && isAlive(owner) ? owner : null;
}

/** Removes a dead lock. If another process replaced it by its own just before, that lock is put back. */
function removeStale(path: string, { expected, aside }: { expected: string; aside: string }): void {
  try {
    renameSync(path, aside);
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return;
    throw error;
  }
  if (readText(aside) !== expected) createExclusively(path, { from: aside });
  rmSync(aside, { force: true });
}

/** Reads a lock once its owner is in it; returns what stays torn, and null when there is none. */
function readWholeLock(path: string): string | null {
  const since = performance.now();
  for (;;) {
    const text = readText(path);
    const whole = text === null || parseOwner(text) !== null;
    if (whole || performance.now() - since > makingMilliseconds) return text;
    pause(20);
  }
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    // A file in the place of the folder is named by those who read the run.
    if (isSystemError(error) && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return null;
    throw error;
  }
}

function parseOwner(text: string): LockOwner | null {
  try {
    const value: unknown = parseJson(text);
    if (typeof value !== 'object' || value === null) return null;
    const { pid, host, started = null } = value as Partial<Record<keyof LockOwner, unknown>>;
    if (!Number.isSafeInteger(pid) || typeof host !== 'string') return null;
    return { pid: pid as number, host, started: typeof started === 'string' ? started : null };
  } catch {
    return null; // of another program, or torn by a full disk: it protects nobody
  }
}

/** Returns whether the owner runs. A process on another machine, which shares the folder, cannot be checked and counts. */
function isAlive({ pid, host, started }: LockOwner): boolean {
  if (host !== hostname()) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (isSystemError(error) && error.code === 'ESRCH') return false;
  }
  const now = startOfProcess(pid);
  return started === null || now === null || started === now;
}

/** Reads field 22 of /proc/PID/stat (Linux). The process name in field 2 may hold anything, parentheses included. */
function startOfProcess(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

function inUse(path: string, { pid, host }: LockOwner): ConfigError {
  const where = host === hostname() ? `process ${pid}` : `process ${pid} on ${host}`;
  return new ConfigError(
    `${dirname(path)}: ${where} is training into this folder; wait for it, or remove ${lockFile} if that process no longer runs`,
  );
}
