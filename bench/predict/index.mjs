// Labelling a whole image of 512 × 1024 by DeepLabv3+ on ResNet-50 with 19 classes: ours, Python's PyTorch, ONNX Runtime.
//
// All have the same weights and image, in memory and in the layout each likes best, and give the class of every pixel:
// network, resizing and argmax, nothing else. They take turns image by image, so whatever else the machine does hits all
// alike, and every figure is the median of ratios within a round. The labels are compared with the peer's in float32.
//
//   npm run bench -- predict --peer python3 --peer .venv/bin/python [--rounds 10] [--threads 2] [--only 'os 16'] [--compile]
//
// Without --peer: the programs named in COARSELY_BENCH_PEERS (separated by commas), or python3. Ours is built against the
// libtorch of each peer. --compile adds torch.compile with frozen weights where a peer has it. --exporter names the Python
// that writes the ONNX file (python3; PyTorch 1.13 needs nothing beside itself for it).
//
// onnxruntime-node is no dependency of this package. It is measured once it has been installed beside the results of
// quick runs, which needs npm's registry alone:
//
//   npm install --prefix build/bench/onnxruntime --ignore-scripts onnxruntime-node

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { median, quartiles } from '../step/statistics.mjs';
import { Stepper } from '../step/stepper.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const project = join(here, '..', '..');
const runtime = join(project, 'build', 'bench', 'onnxruntime', 'node_modules', 'onnxruntime-node');

export const options = {
  peer: { type: 'string', multiple: true },
  exporter: { type: 'string' },
  rounds: { type: 'string' },
  threads: { type: 'string' },
  only: { type: 'string', default: '' },
  compile: { type: 'boolean', default: false },
};

export async function run({ peer, quick, only, compile, exporter, ...counts }) {
  const peers = peer ?? process.env.COARSELY_BENCH_PEERS?.split(',') ?? ['python3'];
  const rounds = Number(counts.rounds ?? (quick ? 2 : 10));
  const threads = Number(counts.threads ?? (quick ? 1 : availableParallelism()));
  const size = quick ? { height: 64, width: 128 } : { height: 512, width: 1024 };
  const cases = [16, 8]
    .map((outputStride) => ({ depth: 50, outputStride, classCount: 19, ...size, threads }))
    .filter(({ outputStride }) => `os ${outputStride}`.includes(only));
  const rows = [];
  for (const python of peers) {
    const torch = torchOf(python);
    buildAgainst(torch);
    for (const setting of cases)
      rows.push(
        ...(await measure(setting, { python, torch, exporter: exporter ?? peers[0], rounds, compile })),
      );
  }
  const { version } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'));
  const versions = { coarsely: version, node: process.versions.node, onnxruntime: runtimeVersion() };
  return { versions, threads, rounds, rows };
}

function runtimeVersion() {
  return existsSync(runtime) ? JSON.parse(readFileSync(join(runtime, 'package.json'), 'utf8')).version : null;
}

/** Version and folder of a Python's PyTorch. */
function torchOf(python) {
  const program =
    'import json, torch; print(json.dumps({"version": torch.__version__, "folder": torch.__path__[0]}))';
  const { status, stdout, stderr, error } = spawnSync(python, ['-c', program], { encoding: 'utf8' });
  if (status !== 0)
    throw new Error(`${python} has no PyTorch to measure against: ${error?.message ?? stderr}`);
  return JSON.parse(stdout);
}

function buildAgainst({ folder }) {
  const { status } = spawnSync(process.execPath, [join(project, 'dist', 'addon', 'build.js')], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, COARSELY_TORCH: folder },
  });
  if (status !== 0) throw new Error(`the addon does not build against ${folder}`);
}

/** The rows of one network on one libtorch: a row for each way of a peer to compute. */
async function measure(setting, { python, torch, exporter, rounds, compile }) {
  const folder = mkdtempSync(join(tmpdir(), 'coarsely-bench-'));
  const files = { start: join(folder, 'start.pth'), model: join(folder, 'model.onnx') };
  const withRuntime = existsSync(runtime);
  if (!withRuntime)
    console.log('onnxruntime-node is not installed for this bench; see bench/predict/index.mjs');
  const peerProgram = join(here, 'peer.py');
  const programs = programsOf({ python, torch, peerProgram, compile, withRuntime });
  const alive = [];
  try {
    const written = spawnSync(exporter, [peerProgram, 'write', JSON.stringify({ ...setting, ...files })], {
      stdio: ['ignore', 'ignore', 'pipe'],
      encoding: 'utf8',
    });
    if (written.status !== 0)
      throw new Error(`${exporter} did not write weights and ONNX file: ${written.stderr}`);
    for (const { name, command, ...way } of programs) {
      const labels = join(folder, `${name.replaceAll(' ', '-')}.labels`);
      const parameters = JSON.stringify({ ...setting, ...files, ...way, labels });
      const stepper = new Stepper([...command, parameters], { COARSELY_TORCH: torch.folder });
      alive.push({ name, labels, stepper, seconds: [] });
      await stepper.ready;
      // Compiles, packs and fills caches; one after another, so that no two compile at once.
      await stepper.steps(2);
    }
    for (let round = 0; round < rounds; round += 1) {
      for (let turn = 0; turn < alive.length; turn += 1) {
        const each = alive[(turn + round) % alive.length];
        const { seconds, peakMiB } = await each.stepper.steps(1);
        each.seconds.push(...seconds);
        each.peakMiB = peakMiB;
      }
    }
    return rowsOf(setting, { torch, alive });
  } finally {
    for (const { stepper } of alive) stepper.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

function programsOf({ python, torch, peerProgram, compile, withRuntime }) {
  const ours = [process.execPath, join(here, 'ours.mjs')];
  const peer = [python, peerProgram, 'run'];
  const modes = compile && !torch.version.startsWith('1.') ? ['eager', 'compile'] : ['eager'];
  return [
    ...['float32', 'bfloat16'].map((precision) => ({ name: `ours ${precision}`, command: ours, precision })),
    ...modes.flatMap((mode) =>
      ['float32', 'bfloat16'].map((precision) => ({
        name: `PyTorch ${mode} ${precision}`,
        command: peer,
        precision,
        mode,
      })),
    ),
    ...(withRuntime
      ? [{ name: 'onnxruntime float32', command: [process.execPath, join(here, 'runtime.mjs')], runtime }]
      : []),
  ];
}

/** Each peer against ours in the same precision and, as that is what a user gets, against our best. */
function rowsOf({ outputStride, height, width, classCount }, { torch, alive }) {
  const named = (name) => alive.find((each) => each.name === name);
  const reference = readFileSync(named('PyTorch eager float32').labels);
  const seconds = (each) => median(each.seconds);
  const ours = alive.filter(({ name }) => name.startsWith('ours'));
  const best = ours.reduce((one, other) => (seconds(other) < seconds(one) ? other : one));
  const network = `resnet50 os ${outputStride}, 1×3×${height}×${width}, ${classCount} classes`;
  for (const each of alive) {
    each.equalLabels = equalShare(readFileSync(each.labels), reference);
    // bfloat16 has three digits, and an untrained network many near ties.
    const least = each.name.endsWith('float32') ? 0.999 : 0.9;
    if (each.equalLabels < least) {
      throw new Error(
        `${each.name} gives other labels: only ${each.equalLabels} of them are equal to the peer's`,
      );
    }
  }
  return alive
    .filter(({ name }) => !name.startsWith('ours'))
    .map((each) => {
      const same = named(`ours ${each.name.split(' ').at(-1)}`);
      const row = {
        case: `${network}: ${each.name}`,
        libtorch: torch.version,
        ours: rounded(seconds(same)),
        oursBest: rounded(seconds(best)),
        peer: rounded(seconds(each)),
        unit: 'seconds an image',
        ratio: rounded(median(ratiosOf(same, each))),
        ratioQuartiles: quartiles(ratiosOf(same, each)).map(rounded),
        ratioOfBest: rounded(median(ratiosOf(best, each))),
        oursPeakMiB: Math.round(same.peakMiB),
        peerPeakMiB: Math.round(each.peakMiB),
        equalLabels: { ours: same.equalLabels, peer: each.equalLabels },
      };
      console.log(
        `torch ${torch.version}, ${row.case}: ours ${row.ours} s (best ${row.oursBest}), peer ${row.peer} s, ` +
          `ratio ${row.ratio} [${row.ratioQuartiles.join(', ')}], of our best ${row.ratioOfBest}`,
      );
      return row;
    });
}

function equalShare(one, other) {
  if (one.length !== other.length) return 0;
  let equal = 0;
  for (const [place, label] of one.entries()) if (label === other[place]) equal += 1;
  return Math.round((1e5 * equal) / one.length) / 1e5;
}

const ratiosOf = (one, other) => one.seconds.map((seconds, round) => seconds / other.seconds[round]);
const rounded = (value) => Math.round(value * 1e4) / 1e4;
