/**
 * One job as a process of its own: `coarsely train` on the job's config, or `--resume` on its folder. It writes to its log
 * file itself, and belongs to no terminal: whatever ends the queue, the process goes on and finishes its run.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import path from 'node:path';
import { configToYaml } from '../config/index.js';
import { writeTextAtomically } from '../files/index.js';
import type { Job } from './job.js';
import { LogReader } from './log-reader.js';
import type { JobOutcome, StartJob } from './queue.js';

export interface TrainCommand {
  /** The program and its first words; `train …` follows them. */
  readonly words: readonly [program: string, ...string[]];
  /** What it ends with, beside 0. */
  readonly exitCodes: { readonly diverged: number; readonly interrupted: number };
}

/** How often a log is read for progress, in milliseconds. */
const readEvery = 500;

/** Starts processes that keep their config in `configs/` and what they print in `logs/`, below `output`. */
export function trainProcesses(output: string, command: TrainCommand): StartJob {
  const [program, ...words] = command.words;
  return (job, { resume, onProgress }) => {
    const file = path.join(output, 'logs', `${job.name}.log`);
    const log = openLog(file);
    const reader = new LogReader(file);
    const child = spawn(program, [...words, ...trainArguments(job, { output, resume })], {
      stdio: ['ignore', log, log],
      detached: true,
      env: { ...process.env, NO_COLOR: '1' },
    });
    closeSync(log);
    const watch = setInterval(() => {
      const progress = reader.progress();
      if (progress !== null) onProgress(progress);
    }, readEvery);
    return {
      outcome: outcomeOf(child, { command, reader }).finally(() => clearInterval(watch)),
      stop: () => void child.kill('SIGINT'),
    };
  };
}

function trainArguments(
  job: Job,
  { output, resume }: { readonly output: string; readonly resume: boolean },
): string[] {
  if (resume) return ['train', '--resume', job.folder];
  const file = path.join(output, 'configs', `${job.name}.yaml`);
  mkdirSync(path.dirname(file), { recursive: true });
  writeTextAtomically(file, configToYaml(job.config));
  return ['train', file, '--name', job.name];
}

/** Appends: the log of a run that is resumed holds all of its starts. */
function openLog(file: string): number {
  mkdirSync(path.dirname(file), { recursive: true });
  return openSync(file, 'a');
}

interface OutcomeOptions {
  readonly command: TrainCommand;
  readonly reader: LogReader;
}

function outcomeOf(
  child: ChildProcess,
  { command: { exitCodes }, reader }: OutcomeOptions,
): Promise<JobOutcome> {
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) resolve({ type: 'finished' });
      else if (code === exitCodes.interrupted || isAskedToEnd(signal)) resolve({ type: 'interrupted' });
      else {
        const ended = signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
        const message = reader.error() ?? `its process ${ended}`;
        resolve({ type: 'failed', message, diverged: code === exitCodes.diverged });
      }
    });
  });
}

/** A process that is asked to stop before it listens for it ends by the signal. */
function isAskedToEnd(signal: NodeJS.Signals | null): boolean {
  return signal === 'SIGINT' || signal === 'SIGTERM';
}
