// The programs that a case sets against each other, alive together and stepped in turns.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Stepper } from './stepper.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const project = join(here, '..', '..');
const peerProgram = join(here, 'peer.py');

/** Version and folder of a Python's PyTorch. */
export function torchOf(python) {
  const program =
    'import json, platform, torch; print(json.dumps({"version": torch.__version__, "folder": torch.__path__[0], "python": platform.python_version()}))';
  const { status, stdout, stderr, error } = spawnSync(python, ['-c', program], { encoding: 'utf8' });
  if (status !== 0)
    throw new Error(`${python} has no PyTorch to measure against: ${error?.message ?? stderr}`);
  return JSON.parse(stdout);
}

export function buildAgainst({ folder }) {
  const { status } = spawnSync(process.execPath, [join(project, 'dist', 'addon', 'build.js')], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, COARSELY_TORCH: folder },
  });
  if (status !== 0) throw new Error(`the addon does not build against ${folder}`);
}

/** GFLOP/s of a large convolution alone, on the engine that the peer runs on. */
export function attainable({ folder }, { precision, threads }) {
  const { gigaflopsPerSecond } = answerOf(
    process.execPath,
    [join(here, 'attainable.mjs'), JSON.stringify({ precision, threads })],
    { COARSELY_TORCH: folder },
  );
  return gigaflopsPerSecond;
}

/**
 * Writes the starting point, starts the programs, and calls `measure` with them; ends them whatever happens.
 *
 * @param programs { who, objective, compile } each; `who` is ours or a peer
 */
export async function withPrograms({ setting, python, torch, programs }, measure) {
  const folder = mkdtempSync(join(tmpdir(), 'coarsely-bench-'));
  const start = join(folder, 'start.pth');
  const alive = [];
  try {
    const { gigaflops } = answerOf(python, [
      peerProgram,
      'write',
      JSON.stringify({ ...setting, objective: 'arm', start }),
    ]);
    for (const program of programs) {
      const config = JSON.stringify({ ...setting, ...program, start });
      const command =
        program.who === 'ours'
          ? [process.execPath, join(here, 'ours.mjs'), config]
          : [python, peerProgram, 'run', config];
      const stepper = new Stepper(command, { COARSELY_TORCH: torch.folder });
      alive.push({ ...program, stepper, seconds: [], losses: [], peakMiB: 0 });
    }
    const ready = await Promise.all(alive.map(({ stepper }) => stepper.ready));
    const version = (text) => text.split('+')[0].split('a')[0];
    if (version(ready[0].torch) !== version(torch.version))
      throw new Error(`ours runs on libtorch ${ready[0].torch}, the peer on ${torch.version}`);
    return await measure(alive, gigaflops);
  } finally {
    for (const { stepper } of alive) stepper.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A step of each program, beginning with another one each round: it evens out heat, caches and page tables. */
export async function takeTurns(programs, rounds) {
  for (let round = 0; round < rounds; round += 1) {
    for (let turn = 0; turn < programs.length; turn += 1) {
      const each = programs[(turn + round) % programs.length];
      const { seconds, losses, peakMiB } = await each.stepper.steps(1);
      each.seconds.push(...seconds);
      each.losses.push(...losses);
      each.peakMiB = peakMiB;
    }
  }
}

function answerOf(program, parameters, environment = {}) {
  const { status, stdout } = spawnSync(program, parameters, {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    env: { ...process.env, ...environment },
  });
  if (status !== 0) throw new Error(`${program} ${parameters.slice(0, 2).join(' ')} failed`);
  return JSON.parse(stdout);
}
