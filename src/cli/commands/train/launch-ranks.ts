/**
 * Starts the processes of `coarsely train --processes N` on this machine, which find each other by the standard environment
 * (RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR, MASTER_PORT). Rank 0 writes to the terminal as a single process does. When
 * one process fails, the others are ended too, and the reason is printed once.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { CoarselyError } from '../../../errors/index.js';
import { deserializeError, exitCodes, type SerializedError } from '../../../errors/internal.js';
import { launcherVariable, type RankMessage } from '../../training/parent-process.js';
import { resumeCommand } from '../../training/run-folders.js';

/** Configures `launchRanks`. */
export interface LaunchOptions {
  readonly processes: number;
}

/** Describes how a process ended. */
interface Ending {
  readonly rank: number;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly error: SerializedError | null;
}

// Time that the others have to send their own errors after one has failed.
const graceMilliseconds = 2000;
// Codes of errors that a rank reports because another rank failed.
const consequences: ReadonlySet<string | null | undefined> = new Set(['distributed', 'rank-stopped']);

/**
 * Starts the processes and waits until all have ended.
 *
 * @param words the command line without `--processes`
 * @throws {CoarselyError} when a process fails: the error of the rank that failed first
 */
export async function launchRanks(
  words: readonly string[],
  { processes }: LaunchOptions,
): Promise<'finished' | 'interrupted'> {
  const port = await freePort();
  const ranks = Array.from({ length: processes }, (_, rank) => startRank(words, { rank, processes, port }));
  const stopForwarding = forwardSignals(ranks.map(({ child }) => child));
  let grace: NodeJS.Timeout | undefined;
  let runFolder: string | null = null;
  try {
    const endings: Ending[] = [];
    await Promise.all(
      ranks.map(async ({ rank, child }) => {
        let error: SerializedError | null = null;
        child.on('message', (message: RankMessage) => {
          if (message.type === 'error') error = message.error;
          else runFolder = message.folder;
        });
        const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
        // A process that the launcher ended itself is not the cause.
        if (grace === undefined || signal !== 'SIGKILL') endings.push({ rank, code, signal, error });
        if (code === 0 || code === exitCodes.interrupted) return;
        grace ??= setTimeout(() => {
          for (const other of ranks) other.child.kill('SIGKILL');
        }, graceMilliseconds);
      }),
    );
    if (endings.every(({ code }) => code === 0)) return 'finished';
    if (endings.every(({ code }) => code === 0 || code === exitCodes.interrupted)) return 'interrupted';
    throw causeOf(endings, { continueWith: runFolder && resumeCommand(runFolder, { processes }) });
  } finally {
    clearTimeout(grace);
    stopForwarding();
  }
}

interface StartedRank {
  readonly rank: number;
  readonly child: ChildProcess;
}

function startRank(
  words: readonly string[],
  { rank, processes, port }: { readonly rank: number; readonly processes: number; readonly port: number },
): StartedRank {
  const main = fileURLToPath(new URL('../../main.js', import.meta.url));
  const child = spawn(process.execPath, [...process.execArgv, main, ...words], {
    stdio: ['ignore', rank === 0 ? 'inherit' : 'ignore', rank === 0 ? 'inherit' : 'pipe', 'ipc'],
    env: {
      ...process.env,
      [launcherVariable]: String(process.pid),
      RANK: String(rank),
      LOCAL_RANK: String(rank),
      WORLD_SIZE: String(processes),
      LOCAL_WORLD_SIZE: String(processes),
      MASTER_ADDR: '127.0.0.1',
      MASTER_PORT: String(port),
    },
  });
  if (child.stderr) {
    createInterface({ input: child.stderr }).on('line', (line) =>
      process.stderr.write(`rank ${rank}: ${line}\n`),
    );
  }
  return { rank, child };
}

/** Passes signals on. Ctrl-C in a terminal reaches every process by itself too; each counts two within a second as one. */
function forwardSignals(children: readonly ChildProcess[]): () => void {
  const signals = ['SIGINT', 'SIGTERM'] as const;
  const forward = (signal: NodeJS.Signals) => {
    for (const child of children) child.kill(signal);
  };
  for (const signal of signals) process.on(signal, forward);
  return () => {
    for (const signal of signals) process.off(signal, forward);
  };
}

/** Returns the error that explains most: a kill, then a rank's own error, then the errors that it caused in others. */
function causeOf(
  endings: readonly Ending[],
  { continueWith }: { readonly continueWith: string | null },
): Error {
  const advice = continueWith === null ? '' : `; continue with:\n  ${continueWith}`;
  const killed = endings.find(({ signal }) => signal !== null);
  if (killed) {
    const { rank, signal } = killed;
    const memory = signal === 'SIGKILL' ? ' (the system does that when memory runs out)' : '';
    return new CoarselyError(
      `rank ${rank} was killed by ${signal}${memory}; the other ranks were stopped${advice}`,
      { code: 'distributed' },
    );
  }
  const failed = endings.filter(({ error }) => error !== null);
  const own = failed.filter(({ error }) => !consequences.has(error?.code));
  const first = [...(own.length > 0 ? own : failed)].sort((a, b) => a.rank - b.rank)[0];
  if (first?.error) {
    const { message } = first.error;
    // An error that all ranks report, or that rank 0 reports for all, needs no rank in its message.
    const named = first.rank === 0 ? message : `rank ${first.rank}: ${message}`;
    return deserializeError({ ...first.error, message: named });
  }
  const { rank, code } = endings.find((ending) => ending.code !== 0) as Ending;
  return new CoarselyError(
    `rank ${rank} ended with exit code ${code}; the other ranks were stopped${advice}`,
    { code: 'distributed' },
  );
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free port on 127.0.0.1');
  return address.port;
}
