/**
 * Runs the jobs of a plan, several at a time, each in a process of its own. It has no state beside the run folders: a
 * finished run is skipped, an interrupted one is resumed, and one that another process trains is waited for.
 */

import type { Job } from './job.js';
import { forgetFailure, type JobStatus, jobStatus, recordFailure, setAside } from './job-status.js';

/** Says how the process of a job ended. */
export type JobOutcome =
  | { readonly type: 'finished' }
  | { readonly type: 'interrupted' }
  | { readonly type: 'failed'; readonly message: string; readonly diverged: boolean };

/** Controls the process of a job. */
export interface JobProcess {
  readonly outcome: Promise<JobOutcome>;
  /** Requests that the process writes a checkpoint and ends. */
  stop(): void;
}

/** Counts the logged steps of a job. */
export interface JobProgress {
  readonly step: number;
  readonly iterations: number;
}

/** Starts the process of a job: a new run, or with `resume` the continuation of its folder. */
export type StartJob = (
  job: Job,
  how: { readonly resume: boolean; readonly onProgress: (progress: JobProgress) => void },
) => JobProcess;

/** Reports what happens to a job. */
export type QueueEvent =
  /** An earlier start finished the job, or its loss diverged. */
  | { readonly type: 'skipped'; readonly job: Job; readonly status: JobStatus }
  /** The job was started; `from` is the step from which it continues, 0 for a new run. */
  | { readonly type: 'started'; readonly job: Job; readonly from: number }
  /** A diverged run was moved to `folder`, and begins anew. */
  | { readonly type: 'set-aside'; readonly job: Job; readonly folder: string }
  /** The process of an earlier queue still trains the job. */
  | { readonly type: 'found-running'; readonly job: Job; readonly pid: number }
  | { readonly type: 'progress'; readonly job: Job; readonly progress: JobProgress }
  | { readonly type: 'ended'; readonly job: Job; readonly status: JobStatus };

/** Configures a `JobQueue`. */
export interface QueueOptions {
  readonly start: StartJob;
  /** Sets the number of jobs that run at a time. */
  readonly parallel: number;
  /** Renames the folders of runs that diverged before, and begins these runs anew. */
  readonly retryFailed?: boolean;
  readonly onEvent: (event: QueueEvent) => void;
}

/** Sets how often the folder of another process's run is checked, in milliseconds. */
const checkEvery = 500;

/** Runs jobs in processes of their own. */
export class JobQueue {
  readonly #options: QueueOptions;
  readonly #processes = new Set<JobProcess>();
  #stopped = false;

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  /**
   * Resolves when every job is done, or after `stop` when every process has ended.
   * @throws {ConfigError} when the folder of a job holds another config
   */
  async run(jobs: readonly Job[]): Promise<'finished' | 'interrupted'> {
    const waiting = [...jobs];
    const work = async () => {
      for (let job = waiting.shift(); job !== undefined && !this.#stopped; job = waiting.shift()) {
        await this.#finish(job);
      }
    };
    await Promise.all(Array.from({ length: this.#options.parallel }, work));
    return this.#stopped ? 'interrupted' : 'finished';
  }

  /** Starts no more jobs, and requests that every running one writes a checkpoint and ends. */
  stop(): void {
    this.#stopped = true;
    for (const process of this.#processes) process.stop();
  }

  async #finish(job: Job): Promise<void> {
    const status = await this.#waitUntilUnused(job);
    if (this.#stopped) return;
    const again = this.#options.retryFailed === true;
    if (status.state === 'finished' || (status.state === 'failed' && status.diverged && !again)) {
      this.#options.onEvent({ type: 'skipped', job, status });
      return;
    }
    await this.#train(job, status);
  }

  async #waitUntilUnused(job: Job): Promise<JobStatus> {
    let status = jobStatus(job);
    if (status.state === 'running') {
      this.#options.onEvent({ type: 'found-running', job, pid: status.pid });
    }
    while (status.state === 'running' && !this.#stopped) {
      await new Promise((resolve) => setTimeout(resolve, checkEvery));
      status = jobStatus(job);
    }
    return status;
  }

  async #train(job: Job, before: JobStatus): Promise<void> {
    const { start, onEvent } = this.#options;
    const status = this.#prepare(job, before);
    const resume = status.state !== 'waiting';
    onEvent({ type: 'started', job, from: status.state === 'interrupted' ? status.step : 0 });
    const process = start(job, {
      resume,
      onProgress: (progress) => onEvent({ type: 'progress', job, progress }),
    });
    this.#processes.add(process);
    const outcome = await process.outcome;
    this.#processes.delete(process);
    onEvent({ type: 'ended', job, status: this.#settle(job, outcome) });
  }

  /** Prepares a failed run to be continued. A diverged one begins anew, because it would diverge again. */
  #prepare(job: Job, before: JobStatus): JobStatus {
    if (before.state !== 'failed') return before;
    if (before.diverged) this.#options.onEvent({ type: 'set-aside', job, folder: setAside(job) });
    else forgetFailure(job);
    return jobStatus(job);
  }

  #settle(job: Job, outcome: JobOutcome): JobStatus {
    switch (outcome.type) {
      case 'finished':
      case 'interrupted':
        return jobStatus(job);
      case 'failed': {
        const { message, diverged } = outcome;
        recordFailure(job, { message, diverged });
        return { state: 'failed', message, diverged };
      }
      default:
        return outcome satisfies never;
    }
  }
}
