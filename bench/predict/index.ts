/**
 * Measures how long it takes to label a whole image of 512 × 1024 by DeepLabv3+ on ResNet-50 with 19 classes: ours,
 * Python's PyTorch, ONNX Runtime.
 *
 * All have the same weights and image, in memory and in the layout that suits each best, and return the class of every
 * pixel: network, resizing and argmax, nothing else. They take turns image by image, so that other work on the machine
 * delays all alike, and every figure is the median of ratios within a round. The labels are compared with the peer's in
 * float32.
 *
 *   npm run bench -- predict --peer python3 --peer .venv/bin/python [--rounds 10] [--threads 2] [--only 'os 16']
 *     [--compile]
 *
 * Without --peer: the programs named in COARSELY_BENCH_PEERS (separated by commas), or python3. Ours is built against the
 * libtorch of each peer. --compile adds torch.compile with frozen weights where a peer has it. --exporter names the Python
 * that writes the ONNX file (python3; PyTorch 1.13 needs no other package for it).
 *
 * ONNX Runtime is measured where onnxruntime-node is installed (bench/support/onnx-runtime.ts).
 */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { BenchError, defineBench } from '../support/bench.js';
import { packageVersions } from '../support/machine.js';
import { onnxRuntimeVersion } from '../support/onnx-runtime.js';
import { buildAgainst, type PeerTorch, peersOf, torchOf } from '../support/peers.js';
import { Program } from '../support/program.js';
import { project } from '../support/project.js';
import { takeTurns } from '../support/rounds.js';
import { median, ratiosOf, roundTo, summarize } from '../support/statistics.js';
import type { PredictSetting } from './setting.js';

const peerProgram = join(project, 'bench', 'predict', 'peer.py');
const digits = 4;

type Case = Omit<PredictSetting, 'start' | 'model'>;

interface Conditions {
  readonly python: string;
  readonly torch: PeerTorch;
  readonly exporter: string;
  readonly rounds: number;
  readonly compile: boolean;
  readonly hasRuntime: boolean;
}

type WayConditions = Pick<Conditions, 'python' | 'torch' | 'compile' | 'hasRuntime'>;

interface Way {
  readonly name: string;
  readonly command: readonly string[];
  /** Holds parameters of the program that the setting does not contain. */
  readonly parameters: Readonly<Record<string, string>>;
}

interface RunningWay {
  readonly name: string;
  /** The file that the program writes its labels to. */
  readonly labels: string;
  readonly program: Program<unknown, { seconds: number[]; peakMiB: number }>;
  readonly seconds: number[];
  peakMiB: number;
}

export const bench = defineBench({
  options: {
    peer: { type: 'string', multiple: true },
    exporter: { type: 'string' },
    rounds: { type: 'string' },
    threads: { type: 'string' },
    only: { type: 'string', default: '' },
    compile: { type: 'boolean', default: false },
  },

  async run({ peer, quick, only, compile, exporter, ...counts }) {
    const peers = peersOf(peer);
    const rounds = Number(counts.rounds ?? (quick ? 2 : 10));
    const threads = Number(counts.threads ?? (quick ? 1 : availableParallelism()));
    const size = quick ? { height: 64, width: 128 } : { height: 512, width: 1024 };
    const cases = ([16, 8] as const)
      .map((outputStride): Case => ({ depth: 50, outputStride, classCount: 19, ...size, threads }))
      .filter(({ outputStride }) => `os ${outputStride}`.includes(only));
    const onnxruntime = onnxRuntimeVersion();
    const rows = [];
    for (const python of peers) {
      const torch = torchOf(python);
      buildAgainst(torch);
      const conditions = {
        python,
        torch,
        exporter: exporter ?? peers[0] ?? python,
        rounds,
        compile,
        hasRuntime: onnxruntime !== null,
      };
      for (const setting of cases) rows.push(...(await measure(setting, conditions)));
    }
    return {
      versions: { ...packageVersions(), onnxruntime },
      threads,
      rounds,
      rows,
    };
  },
});

/** Returns the rows of one network on one libtorch, one for each way of a peer to compute. */
async function measure(setting: Case, { python, torch, exporter, rounds, ...ways }: Conditions) {
  const folder = mkdtempSync(join(tmpdir(), 'coarsely-bench-'));
  const whole = { ...setting, start: join(folder, 'start.pth'), model: join(folder, 'model.onnx') };
  const running: RunningWay[] = [];
  try {
    writeStart(exporter, whole);
    for (const { name, command, parameters } of waysOf({ python, torch, ...ways })) {
      const labels = join(folder, `${name.replaceAll(' ', '-')}.labels`);
      const config = JSON.stringify({ ...whole, ...parameters, labels });
      const program: RunningWay['program'] = new Program([...command, config], {
        COARSELY_TORCH: torch.folder,
      });
      running.push({ name, labels, program, seconds: [], peakMiB: 0 });
      await program.ready;
      // Compiles, packs and fills caches; one after another, so that no two compile at once.
      await program.steps(2);
    }
    await takeTurns(running, rounds, async (each) => {
      const { seconds, peakMiB } = await each.program.steps(1);
      each.seconds.push(...seconds);
      each.peakMiB = peakMiB;
    });
    return createRows(setting, { torch, running });
  } finally {
    for (const { program } of running) program.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

function writeStart(exporter: string, setting: PredictSetting): void {
  const { status, stderr, error } = spawnSync(exporter, [peerProgram, 'write', JSON.stringify(setting)], {
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
  });
  if (status !== 0)
    throw new BenchError(`${exporter} did not write weights and ONNX file: ${error?.message ?? stderr}`);
}

function waysOf({ python, torch, compile, hasRuntime }: WayConditions): Way[] {
  const precisions = ['float32', 'bfloat16'];
  const ours = [process.execPath, join(import.meta.dirname, 'ours.js')];
  const modes = compile && !torch.version.startsWith('1.') ? ['eager', 'compile'] : ['eager'];
  return [
    ...precisions.map((precision) => ({
      name: `ours ${precision}`,
      command: ours,
      parameters: { precision },
    })),
    ...modes.flatMap((mode) =>
      precisions.map((precision) => ({
        name: `PyTorch ${mode} ${precision}`,
        command: [python, peerProgram, 'run'],
        parameters: { precision, mode },
      })),
    ),
    ...(hasRuntime
      ? [
          {
            name: 'onnxruntime float32',
            command: [process.execPath, join(import.meta.dirname, 'runtime.js')],
            parameters: {},
          },
        ]
      : []),
  ];
}

/** Compares each peer with ours in the same precision and, as that is what a user gets, with our best. */
function createRows(
  { outputStride, height, width, classCount }: Case,
  { torch, running }: { readonly torch: PeerTorch; readonly running: readonly RunningWay[] },
) {
  const secondsOf = (each: RunningWay) => median(each.seconds);
  const reference = readFileSync(find(running, 'PyTorch eager float32').labels);
  const equalLabels = new Map(
    running.map(({ name, labels }) => [name, equalShare(readFileSync(labels), reference)]),
  );
  for (const [name, share] of equalLabels) expectEqualLabels(name, share);
  const ours = running.filter(({ name }) => name.startsWith('ours'));
  const best = ours.reduce((one, other) => (secondsOf(other) < secondsOf(one) ? other : one));
  const network = `resnet50 os ${outputStride}, 1×3×${height}×${width}, ${classCount} classes`;
  return running
    .filter(({ name }) => !name.startsWith('ours'))
    .map((each) => {
      const same = find(running, `ours ${each.name.split(' ').at(-1)}`);
      const ratio = summarize(ratiosOf(same.seconds, each.seconds), { digits });
      const row = {
        case: `${network}: ${each.name}`,
        libtorch: torch.version,
        ours: roundTo(secondsOf(same), digits),
        oursBest: roundTo(secondsOf(best), digits),
        peer: roundTo(secondsOf(each), digits),
        unit: 'seconds an image',
        ratio: ratio.median,
        ratioQuartiles: ratio.quartiles,
        ratioOfBest: roundTo(median(ratiosOf(best.seconds, each.seconds)), digits),
        oursPeakMiB: Math.round(same.peakMiB),
        peerPeakMiB: Math.round(each.peakMiB),
        equalLabels: { ours: equalLabels.get(same.name), peer: equalLabels.get(each.name) },
      };
      console.log(
        `torch ${torch.version}, ${row.case}: ours ${row.ours} s (best ${row.oursBest}), peer ${row.peer} s, ` +
          `ratio ${row.ratio} [${row.ratioQuartiles.join(', ')}], of our best ${row.ratioOfBest}`,
      );
      return row;
    });
}

function find(running: readonly RunningWay[], name: string): RunningWay {
  const found = running.find((each) => each.name === name);
  if (!found) throw new Error(`no program is called ${name}`);
  return found;
}

function expectEqualLabels(name: string, share: number): void {
  // bfloat16 has three digits, and an untrained network many near ties.
  const least = name.endsWith('float32') ? 0.999 : 0.9;
  if (share < least)
    throw new Error(`${name} gives other labels: only ${share} of them are equal to the peer's`);
}

function equalShare(one: Uint8Array, other: Uint8Array): number {
  if (one.length !== other.length) return 0;
  let equal = 0;
  for (const [place, label] of one.entries()) if (label === other[place]) equal += 1;
  return roundTo(equal / one.length, 5);
}
