/** Finds the PyTorch of a Python that a bench compares with, and builds the addon against that same libtorch. */

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { BenchError } from './bench.js';
import { project } from './project.js';

/** Describes the PyTorch of one Python. */
export interface PeerTorch {
  readonly version: string;
  /** The folder of the torch package, a value for COARSELY_TORCH. */
  readonly folder: string;
  /** The version of Python. */
  readonly python: string;
}

/** Returns the Pythons to compare with: those named on the command line, in COARSELY_BENCH_PEERS, or `python3`. */
export function peersOf(named: readonly string[] | undefined): readonly string[] {
  return named ?? process.env.COARSELY_BENCH_PEERS?.split(',') ?? ['python3'];
}

/** @throws {BenchError} when that Python has no PyTorch */
export function torchOf(python: string): PeerTorch {
  const program =
    'import json, platform, torch; print(json.dumps({"version": torch.__version__, ' +
    '"folder": torch.__path__[0], "python": platform.python_version()}))';
  const { status, stdout, stderr, error } = spawnSync(python, ['-c', program], { encoding: 'utf8' });
  if (status !== 0)
    throw new BenchError(`${python} has no PyTorch to measure against: ${error?.message ?? stderr}`);
  return JSON.parse(stdout) as PeerTorch;
}

/** @throws {BenchError} when the addon does not build */
export function buildAgainst({ folder }: PeerTorch): void {
  const { status } = spawnSync(process.execPath, [join(project, 'dist', 'addon', 'build.js')], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, COARSELY_TORCH: folder },
  });
  if (status !== 0) throw new BenchError(`the addon does not build against ${folder}`);
}

/**
 * Runs a program to its end and returns the JSON that it prints.
 * @throws {BenchError} when it fails
 */
export function answerOf<Answer>(
  [program = '', ...parameters]: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Answer {
  const { status, stdout } = spawnSync(program, parameters, {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    env: { ...process.env, ...environment },
  });
  if (status !== 0) throw new BenchError(`${program} ${parameters.slice(0, 2).join(' ')} failed`);
  return JSON.parse(stdout) as Answer;
}
