/**
 * Keeps two processes from training into one folder. The lock is a file that names its owner; the lock of a process
 * that no longer lives (killed, power cut) is taken over, so that nobody has to remove it by hand.
 */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { threadId } from 'node:worker_threads';
import { CheckpointError, ConfigError } from '../errors/index.js';
import { isSystemError, temporarySuffix } from '../files/index.js';
import { LOCK_FILE } from './run-folder.js';

interface LockOwner {
  readonly pid: number;
  readonly host: string;
  /** When the process began, as the kernel counts it; null where it cannot be known. Tells a reused pid apart. */
  readonly started: string | null;
}

/** Two processes may find the same dead lock at once; whoever loses a round looks again. */
const ROUNDS = 10;

export class RunLock {
  readonly #path: string;
  readonly #text: string;
  #held = true;

  /** @throws ConfigError when a living process holds the lock, CheckpointError when it cannot be written. */
  constructor(folder: string) {
    this.#path = join(folder, LOCK_FILE);
    this.#text = `${JSON.stringify({ pid: process.pid, host: hostname(), started: startOfProcess(process.pid) })}\n`;
    // Linked from a file that is already whole: nobody ever reads a lock without its owner.
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
    for (let round = 0; round < ROUNDS; round += 1) {
      if (linkUnlessThere(whole, this.#path)) return;
      const found = readText(this.#path);
      if (found === null) continue; // released in between
      const owner = parseOwner(found);
      if (owner !== null && isAlive(owner)) throw inUse(this.#path, owner);
      removeStale(this.#path, { expected: found, aside: `${whole}.stale${temporarySuffix}` });
    }
    throw new ConfigError(`${this.#path}: other processes keep taking this lock; try again`);
  }
}

/** The living process that trains into a folder, or null: for whoever starts runs and must not start one twice. */
export function trainingProcess(folder: string): { readonly pid: number; readonly host: string } | null {
  const text = readText(join(folder, LOCK_FILE));
  const owner = text === null ? null : parseOwner(text);
  return owner !== null && isAlive(owner) ? { pid: owner.pid, host: owner.host } : null;
}

/** False when `path` is there already. */
function linkUnlessThere(from: string, path: string): boolean {
  try {
    linkSync(from, path);
    return true;
  } catch (error) {
    if (isSystemError(error) && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Moves a dead lock away; if another process replaced it by its own just before, that one is put back. */
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
    return null; // not ours, or torn by a full disc: protects nobody
  }
}

/** A process on another machine (a shared folder) cannot be asked, and is taken to live. */
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

/** Field 22 of /proc/PID/stat (Linux); the process's name before it may hold anything, parentheses included. */
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
    `${dirname(path)}: ${where} is training into this folder; wait for it, or remove ${LOCK_FILE} if it is surely gone`,
  );
}
