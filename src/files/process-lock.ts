/**
 * Keeps two processes from doing the same at once. A lock is a file that names its owner. The lock of a process that no
 * longer runs (after a kill or a power cut) is taken over, so that nobody has to remove it by hand.
 */

import { readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { threadId } from 'node:worker_threads';
import { ConfigError } from '../errors/index.js';
import { temporarySuffix } from './atomic.js';
import { createExclusively } from './create-exclusively.js';
import { pause } from './replace-file.js';
import { isSystemError } from './system-errors.js';
import { parseJson } from './text.js';

/** Names the process that holds a lock. */
export interface LockOwner {
  readonly pid: number;
  readonly host: string;
  /** Gives the start time of the process in the kernel's clock ticks, which tells a reused pid apart; null when unknown. */
  readonly started: string | null;
}

/** Configures how a lock is taken. */
export interface LockOptions {
  /**
   * Takes over the lock of a process on another machine, which cannot be asked, when its owner has not refreshed it for
   * this long; null, the default, never does.
   */
  readonly silentMilliseconds?: number | null;
}

/** Limits how long an empty or torn lock may still be in the making, on file systems without hard links. */
const makingMilliseconds = 500;

/** Limits the rounds: two processes may find the same dead lock at once, and the one that loses tries again. */
const maxRounds = 10;

/** Is a lock that this process holds until `release`. */
export class ProcessLock {
  readonly #path: string;
  readonly #text: string;
  #held = true;

  private constructor(path: string, text: string) {
    this.#path = path;
    this.#text = text;
  }

  /**
   * Takes the lock at `path`, or returns the running process that holds it.
   *
   * @throws {ConfigError} when other processes keep taking it
   * @throws {Error} of the file system when the lock cannot be written
   */
  static take(path: string, { silentMilliseconds = null }: LockOptions = {}): ProcessLock | LockOwner {
    const owner = { pid: process.pid, host: hostname(), started: processStart(process.pid) };
    const text = `${JSON.stringify(owner)}\n`;
    // Made from a file that is already complete, so that nobody reads a lock without its owner where links exist.
    const whole = `${path}.${process.pid}-${threadId}${temporarySuffix}`;
    try {
      writeFileSync(whole, text);
      for (let round = 0; round < maxRounds; round += 1) {
        if (createExclusively(path, { from: whole })) return new ProcessLock(path, text);
        const found = readWholeLock(path);
        if (found === null) continue; // released in between
        const other = parseOwner(found);
        if (other !== null && isAlive(other) && !isSilent(path, { owner: other, silentMilliseconds }))
          return other;
        removeStale(path, { expected: found, aside: `${whole}.stale${temporarySuffix}` });
      }
    } finally {
      rmSync(whole, { force: true });
    }
    throw new ConfigError(`${path}: could not be acquired, as other processes keep taking it; try again`);
  }

  /** Shows other machines that the owner is still at work. */
  refresh(): void {
    const now = new Date();
    try {
      if (this.#held) utimesSync(this.#path, now, now);
    } catch (error) {
      if (!isSystemError(error)) throw error;
    }
  }

  release(): void {
    if (!this.#held) return;
    this.#held = false;
    if (readLock(this.#path) === this.#text) rmSync(this.#path, { force: true });
  }
}

/** Returns the running process that holds the lock at `path`, or null when there is none. */
export function livingOwner(path: string): LockOwner | null {
  const text = readLock(path);
  const owner = text === null ? null : parseOwner(text);
  return owner !== null && isAlive(owner) ? owner : null;
}

/** Returns an owner as a message names it: `process 12`, or `process 12 on nodeA` on another machine. */
export function ownerName({ pid, host }: Pick<LockOwner, 'pid' | 'host'>): string {
  return host === hostname() ? `process ${pid}` : `process ${pid} on ${host}`;
}

/** Removes a dead lock. If another process replaced it by its own just before, that lock is put back. */
function removeStale(
  path: string,
  { expected, aside }: { readonly expected: string; readonly aside: string },
): void {
  try {
    renameSync(path, aside);
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return;
    throw error;
  }
  if (readLock(aside) !== expected) createExclusively(path, { from: aside });
  rmSync(aside, { force: true });
}

/** Reads a lock once its owner is in it; returns what stays torn, and null when there is none. */
function readWholeLock(path: string): string | null {
  const since = performance.now();
  for (;;) {
    const text = readLock(path);
    const whole = text === null || parseOwner(text) !== null;
    if (whole || performance.now() - since > makingMilliseconds) return text;
    pause(20);
  }
}

function readLock(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    // A file in the place of the folder is named by those who use the folder.
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
  const now = processStart(pid);
  return started === null || now === null || started === now;
}

/** Returns whether an owner on another machine has not refreshed its lock for too long. */
function isSilent(
  path: string,
  { owner, silentMilliseconds }: { readonly owner: LockOwner } & Required<LockOptions>,
): boolean {
  if (silentMilliseconds === null || owner.host === hostname()) return false;
  const changed = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
  return Date.now() - changed > silentMilliseconds;
}

/**
 * Returns the start of a process in the kernel's clock ticks, which tells a reused pid apart; null when unknown. It is field
 * 22 of /proc/PID/stat (Linux). The process name in field 2 may hold anything, parentheses included.
 */
export function processStart(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}
