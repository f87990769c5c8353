/** Holds the jobs of the server, newest first, and keeps them as they are. */

import { signal } from '@preact/signals';
import type { InferResponseType } from 'hono/client';
import { api, call } from '../api.js';
import { onServerEvent } from '../events.js';

/** Describes a command that runs, waits or has ended on the server. */
export type ShownJob = InferResponseType<typeof api.jobs.$get>['jobs'][number];

/** Holds all jobs that the server remembers. */
export const jobs = signal<readonly ShownJob[]>([]);

let asking = false;
let again = false;

/** Asks the server for its jobs; many events in a row are one question. */
export async function refreshJobs(): Promise<void> {
  again = asking;
  if (asking) return;
  asking = true;
  try {
    jobs.value = (await call(api.jobs.$get())).jobs;
  } catch {
    // The banner of the connection says it.
  } finally {
    asking = false;
    if (again) void refreshJobs();
  }
}

/** Keeps the list of jobs up to date from now on. */
export function watchJobs(): void {
  onServerEvent('job', () => void refreshJobs());
  void refreshJobs();
}

/** Returns the job of a kind that was started last. */
export function lastJob(kind: string): ShownJob | undefined {
  return jobs.value.find((job) => job.kind === kind);
}

/** Tells whether a job waits or runs. */
export function isOpen({ state }: Pick<ShownJob, 'state'>): boolean {
  return state === 'waiting' || state === 'running';
}
