/**
 * Finds runs in an experiment's folder beside the queued ones: other rows, and seeds beyond the requested number. They are
 * not continued, but belong into the tables.
 */

import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { CoarselyError } from '../errors/index.js';
import type { PaperRun } from '../recipes/internal.js';
import { type Job, type JobSettings, jobOf, runsFolder } from './job.js';
import { jobStatus } from './job-status.js';

/** Holds the runs that a folder contains beside the queue. */
export interface FoundJobs {
  /** Is sorted by seed, and within a seed in the order of the tables. */
  readonly jobs: readonly Job[];
  /** Names folders that hold another config than the experiment has now, or cannot be read. */
  readonly leftOut: readonly string[];
}

interface FindOptions {
  readonly settings: JobSettings;
  /** Lists the queued jobs, which are not searched for. */
  readonly besides: readonly Job[];
}

/** Returns the jobs whose folders exist, by the names of the folders. */
export function findJobs(runs: ReadonlyMap<string, PaperRun>, { settings, besides }: FindOptions): FoundJobs {
  const queued = new Set(besides.map(({ name }) => name));
  const order = [...runs.keys()];
  const jobs: Job[] = [];
  const leftOut: string[] = [];
  const found = foldersOf(settings.output)
    .filter(({ name, runName }) => runs.has(runName) && !queued.has(name))
    .sort((a, b) => a.seed - b.seed || order.indexOf(a.runName) - order.indexOf(b.runName));
  for (const { name, runName, seed } of found) {
    const job = sameJob(runs.get(runName) as PaperRun, { runName, seed, settings });
    if (job === null) leftOut.push(name);
    else jobs.push(job);
  }
  return { jobs, leftOut };
}

interface RunFolder {
  readonly name: string;
  readonly runName: string;
  readonly seed: number;
}

function foldersOf(output: string): RunFolder[] {
  const runs = runsFolder(output);
  if (!existsSync(runs)) return [];
  return readdirSync(runs).flatMap((name) => {
    const [, runName, seed] = /^(.+)-seed(0|[1-9]\d*)$/.exec(name) ?? [];
    if (runName === undefined || !existsSync(path.join(runs, name, 'config.yaml'))) return [];
    return [{ name, runName, seed: Number(seed) }];
  });
}

/** Returns null when the folder holds something else, which is an error only for a queued run. */
function sameJob(run: PaperRun, how: Parameters<typeof jobOf>[1]): Job | null {
  try {
    const job = jobOf(run, how);
    jobStatus(job);
    return job;
  } catch (error) {
    if (error instanceof CoarselyError) return null;
    throw error;
  }
}
