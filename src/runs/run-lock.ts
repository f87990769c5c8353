/**
 * Keeps two processes from training into one folder. The lock is a file that names its owner. The lock of a process that
 * no longer runs (after a kill or a power cut) is taken over, so that nobody has to remove it by hand.
 */

import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { threadId } from 'node:worker_threads';
import { CheckpointError, ConfigError } from '../errors/index.js';
import { isSystemError, temporarySuffix } from '../files/index.js';
import { lockFile } from './run-folder.js';

interface LockOwner {
  readonly pid: number;
  readonly host: string;
  /** Gives the start time of the process in the kernel's clock ticks, which tells a reused pid apart; null when unknown. */
  readonly started: string | null;
}

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
    // Linked from a file that is already complete, so that nobody ever reads a lock without its owner.
    const whole = `${this.#path}.${process.pid}-${threadId}${temporarySuffix}`;
    try {
      writeFileSync(whole, this.#text);
      this.#acquire(whole);
    } catch (cause) {
      if (!isSystemError(cause)) throw cause;
      throw new CheckpointError(`${this.#path}: cannot be written (${cause.message})`, { cause });
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
      if (linkUnlessThere(whole, this.#path)) return;
      const found = readText(this.#path);
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
  const text = readText(join(folder, lockFile));
  const owner = text === null ? null : parseOwner(text);
  return owner !== null && isAlive(owner) ? { pid: owner.pid, host: owner.host } : null;
}

/** Links `path` to the file `from` and returns true, or returns false when `path` exists already. */
function linkUnlessThere(from: string, path: string): boolean {
  try {
    linkSync(from, path);
    return true;
  } catch (error) {
    if (isSystemError(error) && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Removes a dead lock. If another process replaced it by its own just before, that lock is put back. */
function removeStale(path: string, { expected, aside }: { expected: string; aside: string }): void {
  try {
    renameSync(path, aside);
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return;
    throw error;
  }
  if (readText(aside) !== expected) linkUnlessThere(aside, path);
  rmSync(aside, { force: true });
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return null;
    throw error;
  }
}

function parseOwner(text: string): LockOwner | null {
  try {
    const value: unknown = JSON.parse(text);
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
