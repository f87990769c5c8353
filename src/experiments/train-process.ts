/** One job as a process of its own: `coarsely train` on the job's config, or `--resume` on its folder. */

import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, mkdirSync, type WriteStream } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { configToYaml } from '../config/index.js';
import { writeFileAtomically } from '../torch/files/atomic.js';
import type { Job } from './plan.js';
import type { JobOutcome, JobProgress, StartJob } from './queue.js';

/** Exit codes of `coarsely train`, beside 0. */
export const exitCodes = { diverged: 3, interrupted: 130 } as const;

const commandLine = fileURLToPath(new URL('../cli/main.js', import.meta.url));

/** Starts processes that keep their config in `configs/` and what they print in `logs/`, below `output`. */
export function trainProcesses(output: string): StartJob {
  return (job, { resume, onProgress }) => {
    const child = spawn(process.execPath, [commandLine, ...trainArguments(job, { output, resume })], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1' },
    });
    const log = openLog(path.join(output, 'logs', `${job.name}.log`));
    followProgress(child, onProgress);
    for (const stream of [child.stdout, child.stderr]) stream?.pipe(log, { end: false });
    return {
      outcome: outcomeOf(child).finally(() => log.end()),
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
  writeFileAtomically(file, [Buffer.from(configToYaml(job.config))]);
  return ['train', file, '--name', job.name];
}

function openLog(file: string): WriteStream {
  mkdirSync(path.dirname(file), { recursive: true });
  return createWriteStream(file, { flags: 'a' });
}

function followProgress(child: ChildProcess, onProgress: (progress: JobProgress) => void): void {
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    const last = [...text.matchAll(/^step (\d+)\/(\d+) /gm)].at(-1);
    if (last) onProgress({ step: Number(last[1]), iterations: Number(last[2]) });
  });
}

function outcomeOf(child: ChildProcess): Promise<JobOutcome> {
  let told = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    told += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) resolve({ type: 'finished' });
      else if (code === exitCodes.interrupted || isAskedToEnd(signal)) resolve({ type: 'interrupted' });
      else
        resolve({
          type: 'failed',
          message: reason(told, { code, signal }),
          diverged: code === exitCodes.diverged,
        });
    });
  });
}

/** A process that is asked to stop before it listens for it ends by the signal. */
function isAskedToEnd(signal: NodeJS.Signals | null): boolean {
  return signal === 'SIGINT' || signal === 'SIGTERM';
}

/** The error that the process printed; one that was killed printed none. */
function reason(
  told: string,
  { code, signal }: { readonly code: number | null; readonly signal: NodeJS.Signals | null },
): string {
  const marks = told.split(/^coarsely: /m);
  const message = marks.length > 1 ? (marks.at(-1) ?? '').trim() : '';
  return (
    message ||
    (signal === null ? `its process ended with exit code ${code}` : `its process was ended by ${signal}`)
  );
}
