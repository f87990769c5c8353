/**
 * Runs the jobs of a plan, some at a time, each in a process of its own. It keeps no state beside the run folders: what is
 * done is skipped, what was interrupted is resumed, what another process trains is waited for.
 */

import type { Job } from './job.js';
import { forgetFailure, type JobStatus, jobStatus, recordFailure, setAside } from './job-status.js';

/** How a process that trained one job ended. */
export type JobOutcome =
  | { readonly type: 'finished' }
  | { readonly type: 'interrupted' }
  | { readonly type: 'failed'; readonly message: string; readonly diverged: boolean };

/** A process that trains. */
export interface JobProcess {
  readonly outcome: Promise<JobOutcome>;
  /** Asks it to write a checkpoint and end. */
  stop(): void;
}

export interface JobProgress {
  readonly step: number;
  readonly iterations: number;
}

/** Starts the process of a job: a new run, or the continuation of its folder. */
export type StartJob = (
  job: Job,
  how: { readonly resume: boolean; readonly onProgress: (progress: JobProgress) => void },
) => JobProcess;

export type QueueEvent =
  /** Found finished, or failed for good, by an earlier start. */
  | { readonly type: 'skipped'; readonly job: Job; readonly status: JobStatus }
  /** `from` is the step that it goes on from, 0 for a new run. */
  | { readonly type: 'started'; readonly job: Job; readonly from: number }
  /** A run that diverged was moved to `folder`, to be begun anew. */
  | { readonly type: 'set-aside'; readonly job: Job; readonly folder: string }
  /** An earlier queue was killed and its process still trains. */
  | { readonly type: 'found-running'; readonly job: Job; readonly pid: number }
  | { readonly type: 'progress'; readonly job: Job; readonly progress: JobProgress }
  | { readonly type: 'ended'; readonly job: Job; readonly status: JobStatus };

export interface QueueOptions {
  readonly start: StartJob;
  /** How many run at a time. */
  readonly parallel: number;
  /** Moves runs that diverged before out of the way, and begins them anew. */
  readonly retryFailed?: boolean;
  readonly onEvent: (event: QueueEvent) => void;
}

/** How often the folder of a run of another process is looked at, in milliseconds. */
const lookEvery = 500;

export class JobQueue {
  readonly #options: QueueOptions;
  readonly #processes = new Set<JobProcess>();
  #stopped = false;

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  /** Resolves when every job is done, or after `stop` when every process has ended. */
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

  /** Starts nothing more, and asks what runs to write a checkpoint and end. */
  stop(): void {
    this.#stopped = true;
    for (const process of this.#processes) process.stop();
  }

  async #finish(job: Job): Promise<void> {
    const status = await this.#untilNobodyTrains(job);
    if (this.#stopped) return;
    const again = this.#options.retryFailed === true;
    if (status.state === 'finished' || (status.state === 'failed' && status.diverged && !again)) {
      this.#options.onEvent({ type: 'skipped', job, status });
      return;
    }
    await this.#train(job, status);
  }

  async #untilNobodyTrains(job: Job): Promise<JobStatus> {
    let status = jobStatus(job);
    if (status.state === 'running') {
      this.#options.onEvent({ type: 'found-running', job, pid: status.pid });
    }
    while (status.state === 'running' && !this.#stopped) {
      await new Promise((resolve) => setTimeout(resolve, lookEvery));
      status = jobStatus(job);
    }
    return status;
  }

  async #train(job: Job, before: JobStatus): Promise<void> {
    const { start, onEvent } = this.#options;
    const status = this.#readied(job, before);
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

  /** A run that failed is gone on with; one that diverged would, from its checkpoint, diverge again. */
  #readied(job: Job, before: JobStatus): JobStatus {
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
