/**
 * Starts one job as a process of its own: `coarsely train` on the job's config, or `--resume` on its folder. The process
 * writes to its log file itself and belongs to no terminal, so it finishes its run even when the queue is killed. The
 * queue follows it by the run's metrics and by the error that it sends before it ends.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import path from 'node:path';
import { configToYaml } from '../config/index.js';
import { type ErrorMessage, exitCodes } from '../errors/internal.js';
import { writeTextAtomically } from '../files/index.js';
import { lastMetricStep } from '../runs/internal.js';
import type { Job } from './job.js';
import type { JobOutcome, JobProgress, StartJob } from './queue.js';

/** Says how `coarsely train` is started; the process must send an `ErrorMessage` over IPC when it fails. */
export interface TrainCommand {
  /** Holds the program and its first words; `train …` follows them. */
  readonly words: readonly [program: string, ...string[]];
  /** Holds variables that are added to the environment of the process. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Separates two readings of the metrics of a run, from which progress is shown, in milliseconds. */
const readEvery = 500;

/** Returns a function that starts jobs; their configs are kept in `configs/` and their output in `logs/` below `output`. */
export function trainProcesses(output: string, command: TrainCommand): StartJob {
  const [program, ...words] = command.words;
  return (job, { resume, onProgress }) => {
    const logFile = path.join(output, 'logs', `${job.name}.log`);
    const log = openLog(logFile);
    const child = spawn(program, [...words, ...trainArguments(job, { output, resume })], {
      stdio: ['ignore', log, log, 'ipc'],
      detached: true,
      env: { ...process.env, NO_COLOR: '1', ...command.environment },
    });
    closeSync(log);
    const stopWatching = watchProgress(job, onProgress);
    return {
      outcome: outcomeOf(child, { logFile }).finally(stopWatching),
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

/** Appends, because the log of a resumed run holds all of its starts. */
function openLog(file: string): number {
  mkdirSync(path.dirname(file), { recursive: true });
  return openSync(file, 'a');
}

/** Reports every step that the run logs from now on; steps that an earlier start logged are not reported. */
function watchProgress({ folder, config }: Job, onProgress: (progress: JobProgress) => void): () => void {
  const { iterations } = config.training;
  let last = lastMetricStep(folder);
  const timer = setInterval(() => {
    const step = lastMetricStep(folder);
    if (step === last) return;
    last = step;
    if (step !== null) onProgress({ step, iterations });
  }, readEvery);
  return () => clearInterval(timer);
}

function outcomeOf(child: ChildProcess, { logFile }: { readonly logFile: string }): Promise<JobOutcome> {
  return new Promise((resolve, reject) => {
    let message: string | null = null;
    child.on('message', ({ type, error }: ErrorMessage) => {
      if (type === 'error') message = error.message;
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) resolve({ type: 'finished' });
      else if (code === exitCodes.interrupted || isStopRequest(signal)) resolve({ type: 'interrupted' });
      else {
        const ended =
          signal === null
            ? `its process ended with exit code ${code}; its output is in ${logFile}`
            : `its process was ended by ${signal}`;
        resolve({ type: 'failed', message: message ?? ended, diverged: code === exitCodes.diverged });
      }
    });
  });
}

/** Returns whether a signal was a request to stop, which ends a process that does not listen for it yet. */
function isStopRequest(signal: NodeJS.Signals | null): boolean {
  return signal === 'SIGINT' || signal === 'SIGTERM';
}
