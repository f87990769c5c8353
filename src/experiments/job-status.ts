/**
 * Reads the state of a job from its run folder. The run folders are the only memory of an experiment, so that the next
 * start knows what is finished, interrupted or failed, however the last one ended.
 */

import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { configSchema, resolveConfig } from '../config/index.js';
import { configDifferences } from '../config/internal.js';
import { CoarselyError, ConfigError } from '../errors/index.js';
import { parseJson, writeTextAtomically } from '../files/index.js';
import { metricRecords, type Run, readRun } from '../runs/index.js';
import {
  isFinished,
  roundsConfigFile,
  runEnvironment,
  runSeconds,
  trainingProcess,
} from '../runs/internal.js';
import type { Metric } from './experiment-table.js';
import type { Job } from './job.js';

/** Holds scores as fractions; null where a score does not exist. */
type Scores = Readonly<Record<Metric, number | null>>;

/** Describes how far a job is. */
export type JobStatus =
  | { readonly state: 'waiting' }
  /** Another process is training it. */
  | { readonly state: 'running'; readonly pid: number }
  /** It began, and resumes from `step`. */
  | { readonly state: 'interrupted'; readonly step: number }
  | {
      readonly state: 'finished';
      readonly scores: Scores;
      readonly seconds: number;
      /** Describes the machine and engine of the run by name and value. */
      readonly environment: Readonly<Record<string, string>>;
    }
  /** It ended with this message; `diverged` says that its loss was not finite, so that resuming would end alike. */
  | { readonly state: 'failed'; readonly message: string; readonly diverged: boolean };

const failureFile = 'failure.json';

/**
 * Reads the state of a job from its folder.
 *
 * @throws {ConfigError} naming a key and both values when the folder holds a run of another config
 */
export function jobStatus(job: Job): JobStatus {
  if (!existsSync(path.join(job.folder, 'config.yaml'))) return { state: 'waiting' };
  const run = readRun(job.folder);
  checkSameConfig(job);
  const scores = finalScores(run, job);
  if (scores !== null) {
    return { state: 'finished', scores, seconds: runSeconds(run), environment: runEnvironment(run) };
  }
  const owner = trainingProcess(job.folder);
  if (owner !== null) return { state: 'running', pid: owner.pid };
  const failure = readFailure(job);
  if (failure !== null) return { state: 'failed', ...failure };
  return { state: 'interrupted', step: run.lastCheckpoint?.step ?? 0 };
}

function checkSameConfig({ folder, config }: Job): void {
  // The config of a run with rounds before it names the labels that they filled; what was asked for is beside them.
  const asked = roundsConfigFile(folder);
  const found = existsSync(asked)
    ? configSchema.parse(parseJson(readFileSync(asked)))
    : resolveConfig(path.join(folder, 'config.yaml'), { schema: configSchema });
  const [first, ...more] = configDifferences(found, config);
  if (first === undefined) return;
  const rest = more.length === 0 ? '' : ` (and ${more.map(({ key }) => key).join(', ')})`;
  throw new ConfigError(
    `experiment: ${folder} holds a run with ${first.key} = ${JSON.stringify(first.found)}, but ` +
      `${JSON.stringify(first.wanted)} is asked for${rest}; choose another folder with --output DIR, or remove it`,
  );
}

/** Returns the scores of the last step once its checkpoint is written too. */
function finalScores(run: Run, { config }: Job): Scores | null {
  if (!isFinished(run, config.training.iterations)) return null;
  const record = metricRecords(run, 'val').findLast(({ step }) => step === run.lastCheckpoint?.step);
  if (record === undefined) return null;
  const { aAcc, mAcc, mIoU } = record.values;
  return { aAcc, mAcc, mIoU };
}

interface Failure {
  readonly message: string;
  readonly diverged: boolean;
}

/** Writes why a run failed into its folder; a run without a folder leaves nothing. */
export function recordFailure({ folder }: Job, failure: Failure): void {
  if (!existsSync(path.join(folder, 'config.yaml'))) return;
  writeTextAtomically(path.join(folder, failureFile), `${JSON.stringify(failure)}\n`);
}

export function forgetFailure({ folder }: Job): void {
  rmSync(path.join(folder, failureFile), { force: true });
}

/**
 * Moves the folder of a failed run to `coarse-arm-seed0-failed-1`, `-2`, …, so that a new run can take its place.
 *
 * @returns the path of the moved folder
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
    const { message, diverged } = parseJson(readFileSync(file)) as Partial<Failure>;
    return { message: String(message), diverged: diverged === true };
  } catch (cause) {
    if (cause instanceof SyntaxError) return null;
    throw new CoarselyError(`${file}: cannot be read`, { cause });
  }
}
