/**
 * Runs the jobs of a plan in processes of their own, a few at a time. The run folders are its only state: finished jobs
 * are skipped, interrupted ones resumed, and jobs that another process trains are waited for.
 */

import type { Job } from './job.js';
import { forgetFailure, type JobStatus, jobStatus, recordFailure, setAside } from './job-status.js';

/** Describes how a process that trained one job ended. */
export type JobOutcome =
  | { readonly type: 'finished' }
  | { readonly type: 'interrupted' }
  | { readonly type: 'failed'; readonly message: string; readonly diverged: boolean };

/** Represents a process that trains one job. */
export interface JobProcess {
  readonly outcome: Promise<JobOutcome>;
  /** Requests that the process write a checkpoint and end. */
  stop(): void;
}

/** Tells how far a job is. */
export interface JobProgress {
  readonly step: number;
  readonly iterations: number;
}

/** Starts the process of a job: a new run, or with `resume` the continuation of its folder. */
export type StartJob = (
  job: Job,
  how: { readonly resume: boolean; readonly onProgress: (progress: JobProgress) => void },
) => JobProcess;

/** Reports what the queue does. */
export type QueueEvent =
  /** An earlier start finished it, or it failed for good. */
  | { readonly type: 'skipped'; readonly job: Job; readonly status: JobStatus }
  /** `from` is the step that it resumes from, 0 for a new run. */
  | { readonly type: 'started'; readonly job: Job; readonly from: number }
  /** A run that diverged was moved to `folder`, and starts again. */
  | { readonly type: 'set-aside'; readonly job: Job; readonly folder: string }
  /** The process of an earlier, killed queue still trains it. */
  | { readonly type: 'found-running'; readonly job: Job; readonly pid: number }
  | { readonly type: 'progress'; readonly job: Job; readonly progress: JobProgress }
  | { readonly type: 'ended'; readonly job: Job; readonly status: JobStatus };

/** Configures a queue. */
export interface QueueOptions {
  readonly start: StartJob;
  /** Sets how many jobs run at a time. */
  readonly parallel: number;
  /** Moves runs that diverged out of the way and starts them again. */
  readonly retryFailed?: boolean;
  readonly onEvent: (event: QueueEvent) => void;
}

/** Sets how often the folder of another process's run is read, in milliseconds. */
const pollInterval = 500;

/** Runs jobs until all are done or `stop` is called. */
export class JobQueue {
  readonly #options: QueueOptions;
  readonly #processes = new Set<JobProcess>();
  #stopped = false;

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  /** Runs these jobs. Resolves when every job is done, or after `stop` when every process has ended. */
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

  /** Starts no further job, and requests that running ones write a checkpoint and end. */
  stop(): void {
    this.#stopped = true;
    for (const process of this.#processes) process.stop();
  }

  async #finish(job: Job): Promise<void> {
    const status = await this.#waitForOtherProcess(job);
    if (this.#stopped) return;
    const again = this.#options.retryFailed === true;
    if (status.state === 'finished' || (status.state === 'failed' && status.diverged && !again)) {
      this.#options.onEvent({ type: 'skipped', job, status });
      return;
    }
    await this.#train(job, status);
  }

  async #waitForOtherProcess(job: Job): Promise<JobStatus> {
    let status = jobStatus(job);
    if (status.state === 'running') {
      this.#options.onEvent({ type: 'found-running', job, pid: status.pid });
    }
    while (status.state === 'running' && !this.#stopped) {
      await new Promise((resolve) => setTimeout(resolve, pollInterval));
      status = jobStatus(job);
    }
    return status;
  }

  async #train(job: Job, before: JobStatus): Promise<void> {
    const { start, onEvent } = this.#options;
    const status = this.#prepared(job, before);
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

  /** Prepares a failed run: one that diverged would do so again from its checkpoint and starts anew, others resume. */
  #prepared(job: Job, before: JobStatus): JobStatus {
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
