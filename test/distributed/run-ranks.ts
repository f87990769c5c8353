/** Starts programs as ranks: real processes that join each other at a free port of this machine. */
import { type ChildProcess, fork } from 'node:child_process';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

/** Describes how a rank ended. */
export interface RankReport<Result> {
  /** The result of the program; undefined when it failed or was killed. */
  readonly result?: Result;
  readonly error?: {
    readonly name: string;
    readonly code: string;
    readonly message: string;
    readonly ranks: readonly number[];
  };
  readonly liveTensors?: number;
  readonly seconds?: number;
  readonly signal: NodeJS.Signals | null;
}

/** Configures `runRanks`. */
export interface RunRanksOptions {
  readonly worldSize?: number;
  /** The ranks that are started, all by default. */
  readonly ranks?: readonly number[];
  /** Passed to the program, which imports them from as-rank.mjs. */
  readonly options?: unknown;
  /** Limits how long ranks wait for each other. */
  readonly timeoutSeconds?: number;
}

/** Runs `programs/NAME.mjs` once for each rank and returns their reports in the order of the ranks. */
export async function runRanks<Result>(
  program: string,
  { worldSize = 2, ranks, options = {}, timeoutSeconds = 60 }: RunRanksOptions = {},
): Promise<RankReport<Result>[]> {
  const port = await freePort();
  const started = ranks ?? Array.from({ length: worldSize }, (_, rank) => rank);
  return Promise.all(
    started.map((rank) =>
      run<Result>(program, {
        RANK: String(rank),
        WORLD_SIZE: String(worldSize),
        MASTER_ADDR: '127.0.0.1',
        MASTER_PORT: String(port),
        TEST_TIMEOUT: String(timeoutSeconds),
        TEST_OPTIONS: JSON.stringify(options),
      }),
    ),
  );
}

/** Runs the program as a single process, without a process group. */
export function runAlone<Result>(program: string, options: unknown = {}): Promise<RankReport<Result>> {
  return run<Result>(program, { TEST_OPTIONS: JSON.stringify(options) });
}

/** Returns the result of every rank; throws the ranks' messages when one has failed. */
export function resultsOf<Result>(reports: readonly RankReport<Result>[]): Result[] {
  return reports.map(({ result, error, signal }, rank) => {
    if (error) throw new Error(`rank ${rank}: ${error.name}: ${error.message}`);
    if (result === undefined) throw new Error(`rank ${rank} said nothing and ended with ${signal}`);
    return result;
  });
}

function run<Result>(program: string, environment: Record<string, string>): Promise<RankReport<Result>> {
  const path = fileURLToPath(new URL(`./programs/${program}.mjs`, import.meta.url));
  const { RANK: _rank, WORLD_SIZE: _size, ...own } = process.env;
  const child: ChildProcess = fork(path, { env: { ...own, ...environment }, execArgv: [] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  return new Promise((resolve) => {
    let report: object = {};
    child.on('message', (message: object) => {
      report = message;
    });
    child.on('close', (_code, signal) => resolve({ ...report, signal }));
  });
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
