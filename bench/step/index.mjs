// One training step of DeepLabv3+, ours against an equivalent Python program on the same libtorch.
//
// For each network and precision four programs are alive at once: ours and the peer's, cross-entropy and ARM. They take
// turns step by step, so whatever else the machine does hits all alike, and every figure is the median of ratios
// within a round. All start from the same weights and batch, which the peer writes and ours reads; the losses of a
// round are compared, so that a program that does less work is found out.
//
//   npm run bench -- step --peer python3 --peer .venv/bin/python [--rounds 15] [--threads 2] [--only resnet18]
//
// Without --peer: the programs named in COARSELY_BENCH_PEERS (separated by commas), or python3. Ours is built against
// the libtorch of each peer.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { median, quartiles } from './statistics.mjs';
import { Stepper } from './stepper.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const project = join(here, '..', '..');

export const options = {
  peer: { type: 'string', multiple: true },
  rounds: { type: 'string' },
  threads: { type: 'string' },
  only: { type: 'string', default: '' },
};

const networks = [
  { network: 'resnet18', depth: 18, outputStride: 16, batchSize: 4 },
  { network: 'resnet50', depth: 50, outputStride: 16, batchSize: 2 },
];
const precisions = ['float32', 'bfloat16'];
const objectives = ['cross-entropy', 'arm'];
export async function run({ peer, quick, only, ...counts }) {
  const peers = peer ?? process.env.COARSELY_BENCH_PEERS?.split(',') ?? ['python3'];
  const rounds = Number(counts.rounds ?? (quick ? 2 : 15));
  // A quick run shares its machine with other work, where threads that wait for each other cost more than they bring.
  const threads = Number(counts.threads ?? (quick ? 1 : availableParallelism()));
  // The first steps compile kernels and fill caches.
  const warmUp = quick ? 1 : 3;
  const size = quick ? { height: 64, width: 64 } : { height: 256, width: 512 };
  const cases = networks
    .flatMap((network) =>
      precisions.map((precision) => ({ ...network, ...size, precision, classCount: 19, threads })),
    )
    .filter(({ network, precision }) => `${network} ${precision}`.includes(only));
  const rows = [];
  for (const python of peers) {
    const torch = torchOf(python);
    buildAgainst(torch);
    for (const setting of cases) rows.push(...(await measure(setting, { python, torch, rounds, warmUp })));
  }
  const { version } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'));
  return { versions: { coarsely: version, node: process.versions.node }, threads, rounds, rows };
}

/** Version and folder of a Python's PyTorch. */
function torchOf(python) {
  const program =
    'import json, platform, torch; print(json.dumps({"version": torch.__version__, "folder": torch.__path__[0], "python": platform.python_version()}))';
  const { status, stdout, stderr, error } = spawnSync(python, ['-c', program], { encoding: 'utf8' });
  if (status !== 0)
    throw new Error(`${python} has no PyTorch to measure against: ${error?.message ?? stderr}`);
  return JSON.parse(stdout);
}

function buildAgainst({ folder }) {
  const { status } = spawnSync(process.execPath, [join(project, 'scripts', 'build-native.mjs')], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, COARSELY_TORCH: folder },
  });
  if (status !== 0) throw new Error(`the addon does not build against ${folder}`);
}

/** The rows of one network at one precision on one libtorch: a row for each objective. */
async function measure(setting, { python, torch, rounds, warmUp }) {
  const folder = mkdtempSync(join(tmpdir(), 'coarsely-bench-'));
  const start = join(folder, 'start.pth');
  const peerProgram = join(here, 'peer.py');
  const startWith = (objective) => JSON.stringify({ ...setting, objective, start });
  const programs = objectives.flatMap((objective) => [
    { who: 'ours', objective, command: [process.execPath, join(here, 'ours.mjs'), startWith(objective)] },
    { who: 'peer', objective, command: [python, peerProgram, 'run', startWith(objective)] },
  ]);
  const alive = [];
  try {
    const written = spawnSync(python, [peerProgram, 'write', startWith('arm')], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    if (written.status !== 0) throw new Error('the peer did not write the starting point');
    for (const { command, ...identity } of programs) {
      alive.push({
        ...identity,
        stepper: new Stepper(command, { COARSELY_TORCH: torch.folder }),
        seconds: [],
        losses: [],
      });
    }
    const ready = await Promise.all(alive.map(({ stepper }) => stepper.ready));
    if (ready[0].torch.split('+')[0].split('a')[0] !== torch.version.split('+')[0].split('a')[0]) {
      throw new Error(`ours runs on libtorch ${ready[0].torch}, the peer on ${torch.version}`);
    }
    for (const each of alive) each.losses.push(...(await each.stepper.steps(warmUp)).losses);
    for (let round = 0; round < rounds; round += 1) {
      // Turning the order evens out what a program leaves behind for its successor: heat, caches, page tables.
      for (let turn = 0; turn < alive.length; turn += 1) {
        const each = alive[(turn + round) % alive.length];
        const { seconds, losses, peakMiB } = await each.stepper.steps(1);
        each.seconds.push(...seconds);
        each.losses.push(...losses);
        each.peakMiB = peakMiB;
      }
    }
  } finally {
    for (const { stepper } of alive) stepper.end();
    rmSync(folder, { recursive: true, force: true });
  }
  return objectives.map((objective) => row(setting, { objective, torch, alive }));
}

function row(
  { network, outputStride, batchSize, height, width, classCount, precision },
  { objective, torch, alive },
) {
  const find = (who, what) => alive.find((each) => each.who === who && each.objective === what);
  const [ours, peer] = [find('ours', objective), find('peer', objective)];
  const ratios = ratiosOf(ours, peer);
  const result = {
    case: `${network} os ${outputStride}, ${batchSize}×3×${height}×${width}, ${classCount} classes, ${precision}, ${objective}`,
    libtorch: torch.version,
    python: torch.python,
    ours: rounded(median(ours.seconds)),
    peer: rounded(median(peer.seconds)),
    unit: 'seconds a step',
    ratio: rounded(median(ratios)),
    ratioQuartiles: quartiles(ratios).map(rounded),
    oursPeakMiB: Math.round(ours.peakMiB),
    peerPeakMiB: Math.round(peer.peakMiB),
    firstLoss: { ours: ours.losses[0], peer: peer.losses[0] },
  };
  if (objective === 'arm') {
    for (const who of ['ours', 'peer']) {
      const share = median(ratiosOf(find(who, 'arm'), find(who, 'cross-entropy'))) - 1;
      result[`${who}OverheadPercent`] = Math.round(1000 * share) / 10;
    }
  }
  console.log(
    `torch ${torch.version}, ${result.case}: ours ${result.ours} s, peer ${result.peer} s, ratio ${result.ratio} ` +
      `[${result.ratioQuartiles.join(', ')}], peak ${result.oursPeakMiB} / ${result.peerPeakMiB} MiB` +
      (objective === 'arm'
        ? `, ARM over cross-entropy ${result.oursOverheadPercent}% / ${result.peerOverheadPercent}%`
        : ''),
  );
  const gap = Math.abs(result.firstLoss.ours - result.firstLoss.peer) / Math.abs(result.firstLoss.peer);
  if (!(gap < (precision === 'float32' ? 1e-5 : 1e-2))) {
    throw new Error(`${result.case}: the first losses differ (${ours.losses[0]} and ${peer.losses[0]})`);
  }
  return result;
}

const ratiosOf = (one, other) => one.seconds.map((seconds, round) => seconds / other.seconds[round]);
const rounded = (value) => Math.round(value * 1e4) / 1e4;
