/**
 * Starts commands of this package as processes of their own, one after the other, as each takes all cores. Their output goes
 * to files: a job outlives a server that was killed, and the next server finds it.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { processStart } from '../../files/index.js';
import { shellWord } from '../../format/index.js';
import { ConflictError, NotFoundError } from '../errors/server-error.js';
import type { EventHub } from '../event-hub.js';
import { type JobRecord, JobStore } from './job-store.js';

/** Describes a job that is to be started. */
export interface NewJob {
  /** Names the kind of job, by which pages find theirs. */
  readonly kind: string;
  /** Says in a few words what the job does. */
  readonly title: string;
  /** Holds the arguments of `coarsely`, the command first. */
  readonly arguments: readonly string[];
}

/** Describes a job. Times are milliseconds since 1970. */
export type Job = Omit<JobRecord, 'arguments' | 'pid' | 'processStarted'>;

/** Configures a queue. */
export interface JobQueueOptions {
  /** Names the folder in which jobs are remembered. */
  readonly folder: string;
  readonly events: EventHub;
  /** Is the program that the arguments are given to; by default this package's command line. */
  readonly program?: string;
}

const commandLine = fileURLToPath(new URL('../../cli/main.js', import.meta.url));
const pollMilliseconds = 500;
/** Is how long a job may take to end after a request. */
const patienceMilliseconds = 30_000;

/** Runs jobs one at a time; the others wait in their order. */
export class JobQueue {
  readonly #store: JobStore;
  readonly #events: EventHub;
  readonly #program: string;
  readonly #jobs = new Map<string, JobRecord>();
  readonly #canceled = new Set<string>();
  readonly #poll: NodeJS.Timeout;
  readonly #logSizes = new Map<string, number>();

  constructor({ folder, events, program = commandLine }: JobQueueOptions) {
    this.#store = new JobStore(folder);
    this.#events = events;
    this.#program = program;
    for (const job of this.#store.readAll()) this.#jobs.set(job.id, job);
    this.#settle();
    this.#poll = setInterval(() => this.#settle(), pollMilliseconds);
    this.#poll.unref();
  }

  /** Lists all jobs, the newest first. */
  list(): Job[] {
    return [...this.#jobs.values()].reverse().map(shown);
  }

  /**
   * Returns a job.
   *
   * @throws {NotFoundError} for an unknown id
   */
  get(id: string): Job {
    return shown(this.#get(id));
  }

  /** Returns the last lines that a job has written. */
  lastLines(id: string, { count = 200 }: { readonly count?: number } = {}): Promise<string[]> {
    return this.#store.lastLines(this.#get(id).id, count);
  }

  /**
   * Puts a job at the end of the queue.
   *
   * @throws {ConflictError} when the same command is running or waiting already
   */
  start({ kind, title, arguments: given }: NewJob): Job {
    const command = commandOf(given);
    const same = [...this.#jobs.values()].find((job) => job.command === command && isOpen(job));
    if (same !== undefined) throw new ConflictError(`the same command is ${same.state} already: ${command}`);
    const job: JobRecord = {
      id: `${Date.now().toString(36)}-${randomBytes(4).toString('hex')}`,
      ...{ kind, title, command, arguments: given },
      ...{ state: 'waiting', pid: null, processStarted: null, started: null, ended: null, exitCode: null },
    };
    this.#keep(job);
    this.#startNext();
    return this.get(job.id);
  }

  /**
   * Asks a job to end, as Ctrl-C does; one that waits is taken out of the queue.
   *
   * @throws {ConflictError} when it has ended already
   */
  cancel(id: string): Job {
    const job = this.#get(id);
    if (job.state === 'waiting') this.#keep({ ...job, state: 'canceled', ended: Date.now() });
    else if (job.state === 'running') this.#interrupt(job);
    else throw new ConflictError(`the job has ended already: ${job.command}`);
    return this.get(id);
  }

  /** Asks the running job to end and waits for it; jobs that wait are taken out of the queue. */
  async close(): Promise<void> {
    for (const job of [...this.#jobs.values()].filter(isOpen)) this.cancel(job.id);
    const until = Date.now() + patienceMilliseconds;
    while ([...this.#jobs.values()].some(isOpen) && Date.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      this.#settle();
    }
    clearInterval(this.#poll);
  }

  #get(id: string): JobRecord {
    const job = this.#jobs.get(id);
    if (job === undefined) throw new NotFoundError(`there is no job '${id}'`);
    return job;
  }

  #keep(job: JobRecord): void {
    this.#jobs.set(job.id, job);
    this.#store.write(job);
    this.#events.publish({ type: 'job', job: job.id });
  }

  #startNext(): void {
    const all = [...this.#jobs.values()];
    if (all.some(({ state }) => state === 'running')) return;
    const next = all.find(({ state }) => state === 'waiting');
    if (next !== undefined) this.#run(next);
  }

  #run(job: JobRecord): void {
    const log = openSync(this.#store.logFile(job.id), 'a', 0o600);
    let child: ChildProcess;
    try {
      // A group of its own: Ctrl-C in the terminal reaches the server alone, which then asks the job to end, once.
      child = spawn(process.execPath, [this.#program, ...job.arguments], {
        detached: true,
        stdio: ['ignore', log, log],
      });
    } finally {
      closeSync(log);
    }
    const pid = child.pid ?? null;
    const processStarted = pid === null ? null : processStart(pid);
    this.#keep({ ...job, state: 'running', started: Date.now(), pid, processStarted });
    child.once('error', () => this.#end(job.id, null));
    child.once('exit', (code) => this.#end(job.id, code));
    child.unref();
  }

  #end(id: string, exitCode: number | null): void {
    const job = this.#jobs.get(id);
    if (job?.state !== 'running') return;
    const state = this.#canceled.has(id) ? 'canceled' : exitCode === 0 ? 'finished' : 'failed';
    this.#keep({ ...job, state, exitCode, pid: null, ended: Date.now() });
    this.#startNext();
  }

  #interrupt({ id, pid }: JobRecord): void {
    if (pid === null) return;
    const group = -pid;
    const send = (signal: NodeJS.Signals, target: number) => {
      try {
        process.kill(target, signal);
      } catch {
        // It has ended meanwhile.
      }
    };
    if (this.#canceled.has(id)) send('SIGTERM', pid);
    else send('SIGINT', pid);
    this.#canceled.add(id);
    setTimeout(() => {
      if (this.#jobs.get(id)?.state === 'running') send('SIGKILL', group);
    }, patienceMilliseconds).unref();
  }

  /** Notices jobs of an earlier server that have ended, and output that has grown. */
  #settle(): void {
    for (const job of this.#jobs.values()) {
      if (job.state !== 'running') continue;
      const lives = job.pid !== null && processStart(job.pid) === job.processStarted && isRunning(job.pid);
      if (!lives) {
        // Its exit code went to a server that is gone. A child of this server is told apart by its event, which comes first.
        setTimeout(() => {
          const now = this.#jobs.get(job.id);
          const state = this.#canceled.has(job.id) ? 'canceled' : 'lost';
          if (now?.state === 'running') this.#keep({ ...now, state, pid: null, ended: Date.now() });
          this.#startNext();
        }, pollMilliseconds).unref();
      }
      this.#tellGrowth(job.id);
    }
    this.#startNext();
  }

  #tellGrowth(id: string): void {
    const size = this.#store.logSize(id);
    if (this.#logSizes.get(id) !== size) this.#events.publish({ type: 'job', job: id });
    this.#logSizes.set(id, size);
  }
}

function isOpen({ state }: Pick<JobRecord, 'state'>): boolean {
  return state === 'waiting' || state === 'running';
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function shown({ arguments: _, pid: __, processStarted: ___, ...job }: JobRecord): Job {
  return job;
}

/** Returns what a person types for the same: paths are relative where that is shorter. */
export function commandOf(given: readonly string[]): string {
  const words = given.map((word) => {
    if (!word.startsWith('/')) return word;
    const short = relative('', word);
    return short !== '' && short.length < word.length ? short : word;
  });
  return ['coarsely', ...words].map(shellWord).join(' ');
}
