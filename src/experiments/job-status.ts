/**
 * How far a job is. The run folders are the only memory of an experiment: what is finished, interrupted or failed is read
 * from them each time, so that whatever ended the queue, the next start knows.
 */

import { existsSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { configSchema, resolveConfig } from '../config/index.js';
import { CoarselyError, ConfigError } from '../errors/index.js';
import { writeTextAtomically } from '../files/index.js';
import { metricRecords, type Run, readRun } from '../runs/index.js';
import { runEnvironment, trainingProcess } from '../runs/internal.js';
import { configDifferences } from './config-difference.js';
import type { Metric } from './experiment-table.js';
import type { Job } from './job.js';

/** Fractions; null where a score does not exist. */
export type Scores = Readonly<Record<Metric, number | null>>;

export type JobStatus =
  | { readonly state: 'waiting' }
  /** Another process trains it at this moment. */
  | { readonly state: 'running'; readonly pid: number }
  /** Begun, and to be continued from `step`. */
  | { readonly state: 'interrupted'; readonly step: number }
  | {
      readonly state: 'finished';
      readonly scores: Scores;
      readonly seconds: number;
      /** What the run says of the machine and engine: name and value. */
      readonly environment: Readonly<Record<string, string>>;
    }
  /** It ended with this message; after a loss that was not finite it would end so again. */
  | { readonly state: 'failed'; readonly message: string; readonly diverged: boolean };

const failureFile = 'failure.json';

/** Reads a job's folder. Throws a ConfigError when it holds a run of another config: a key, what it has, what is wanted. */
export function jobStatus(job: Job): JobStatus {
  if (!existsSync(path.join(job.folder, 'config.yaml'))) return { state: 'waiting' };
  const run = readRun(job.folder);
  checkSameConfig(job);
  const scores = finalScores(run, job);
  if (scores !== null) {
    return { state: 'finished', scores, seconds: secondsOf(job), environment: runEnvironment(run) };
  }
  const owner = trainingProcess(job.folder);
  if (owner !== null) return { state: 'running', pid: owner.pid };
  const failure = readFailure(job);
  if (failure !== null) return { state: 'failed', ...failure };
  return { state: 'interrupted', step: run.lastCheckpoint?.step ?? 0 };
}

function checkSameConfig({ folder, config }: Job): void {
  const found = resolveConfig(path.join(folder, 'config.yaml'), { schema: configSchema });
  const [first, ...more] = configDifferences(found, config);
  if (first === undefined) return;
  const rest = more.length === 0 ? '' : ` (and ${more.map(({ key }) => key).join(', ')})`;
  throw new ConfigError(
    `experiment: ${folder} holds a run with ${first.key} = ${JSON.stringify(first.found)}, but ` +
      `${JSON.stringify(first.wanted)} is asked for${rest}; choose another folder with --output DIR, or remove it`,
  );
}

/** The scores of the last step, once its checkpoint is written too. */
function finalScores(run: Run, { config }: Job): Scores | null {
  const { iterations } = config.training;
  if (run.lastCheckpoint?.step !== iterations) return null;
  const record = metricRecords(run, 'val').findLast(({ step }) => step === iterations);
  if (record === undefined) return null;
  const { aAcc, mAcc, mIoU } = record.values;
  return { aAcc, mAcc, mIoU };
}

/** From the folder's first file to its last; an interruption in between counts as well. */
function secondsOf({ folder }: Job): number {
  const time = (file: string) => statSync(path.join(folder, file)).mtimeMs;
  return (time('state.json') - time('config.yaml')) / 1000;
}

interface Failure {
  readonly message: string;
  readonly diverged: boolean;
}

/** Keeps why a run ended, in its folder; a run that made no folder leaves nothing. */
export function recordFailure({ folder }: Job, failure: Failure): void {
  if (!existsSync(path.join(folder, 'config.yaml'))) return;
  writeTextAtomically(path.join(folder, failureFile), `${JSON.stringify(failure)}\n`);
}

export function forgetFailure({ folder }: Job): void {
  rmSync(path.join(folder, failureFile), { force: true });
}

/**
 * Makes room for a new run in the place of one that failed: its folder is kept, as `coarse-arm-seed0-failed-1`, `-2`, ….
 * Returns where it is.
 */
export function setAside({ folder }: Job): string {
  let number = 1;
  while (existsSync(`${folder}-failed-${number}`)) number++;
  const aside = `${folder}-failed-${number}`;
  renameSync(folder, aside);
  return aside;
}

function readFailure({ folder }: Job): Failure | null {
  const file = path.join(folder, failureFile);
  if (!existsSync(file)) return null;
  try {
    const { message, diverged } = JSON.parse(readFileSync(file, 'utf8')) as Partial<Failure>;
    return { message: String(message), diverged: diverged === true };
  } catch (cause) {
    if (cause instanceof SyntaxError) return null;
    throw new CoarselyError(`${file}: cannot be read`, { cause });
  }
}
