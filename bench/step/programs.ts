/** Starts the programs that a case compares, which are alive together and take steps in turns. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answerOf, type PeerTorch } from '../support/peers.js';
import { Program } from '../support/program.js';
import { project } from '../support/project.js';
import { takeTurns } from '../support/rounds.js';
import type { StepCase } from './cases.js';

const peerProgram = join(project, 'bench', 'step', 'peer.py');

export type Objective = 'cross-entropy' | 'arm';

/** Describes a program: ours, the peer's, or the peer's through torch.compile. */
export interface ProgramKind {
  readonly side: 'ours' | 'peer' | 'compiled';
  readonly objective: Objective;
}

/** A running program and what it has measured, one element a step. */
export interface RunningProgram extends ProgramKind {
  readonly program: Program<{ torch: string }, StepAnswer>;
  readonly seconds: number[];
  readonly losses: number[];
  peakMiB: number;
}

interface StepAnswer {
  readonly seconds: readonly number[];
  readonly losses: readonly number[];
  readonly peakMiB: number;
}

/** Returns the GFLOP/s of a large convolution alone, on the libtorch that the peer runs on. */
export function measureAttainable(
  { folder }: PeerTorch,
  setting: { readonly precision: string; readonly threads: number },
): number {
  const command = [process.execPath, join(import.meta.dirname, 'attainable.js'), JSON.stringify(setting)];
  return answerOf<{ gigaflopsPerSecond: number }>(command, { COARSELY_TORCH: folder }).gigaflopsPerSecond;
}

/**
 * Writes the starting point, starts the programs, calls `measure` with them and with the GFLOP of one step, and ends the
 * programs whatever happens.
 *
 * @throws {Error} when a program does not start, or runs on another libtorch than the peer
 */
export async function withPrograms<Result>(
  {
    setting,
    python,
    torch,
    kinds,
  }: {
    readonly setting: StepCase;
    readonly python: string;
    readonly torch: PeerTorch;
    readonly kinds: readonly ProgramKind[];
  },
  measure: (programs: readonly RunningProgram[], gigaflops: number) => Promise<Result>,
): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'coarsely-bench-'));
  const start = join(folder, 'start.pth');
  const running: RunningProgram[] = [];
  try {
    const { gigaflops } = answerOf<{ gigaflops: number }>([
      python,
      peerProgram,
      'write',
      JSON.stringify({ ...setting, objective: 'arm', start }),
    ]);
    for (const kind of kinds) {
      const { side, objective } = kind;
      const config = JSON.stringify({ ...setting, objective, compile: side === 'compiled', start });
      const command =
        side === 'ours'
          ? [process.execPath, join(import.meta.dirname, 'ours.js'), config]
          : [python, peerProgram, 'run', config];
      const program = new Program<{ torch: string }, StepAnswer>(command, { COARSELY_TORCH: torch.folder });
      running.push({ ...kind, program, seconds: [], losses: [], peakMiB: 0 });
    }
    const ready = await Promise.all(running.map(({ program }) => program.ready));
    const release = (version: string | undefined) => version?.split('+')[0]?.split('a')[0];
    if (release(ready[0]?.torch) !== release(torch.version))
      throw new Error(`ours runs on libtorch ${ready[0]?.torch}, the peer on ${torch.version}`);
    return await measure(running, gigaflops);
  } finally {
    for (const { program } of running) program.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Takes one step with each program in every round, and adds what it measures to the program's own series. */
export function measureInTurns(programs: readonly RunningProgram[], rounds: number): Promise<void> {
  return takeTurns(programs, rounds, async (each) => {
    const { seconds, losses, peakMiB } = await each.program.steps(1);
    each.seconds.push(...seconds);
    each.losses.push(...losses);
    each.peakMiB = peakMiB;
  });
}
